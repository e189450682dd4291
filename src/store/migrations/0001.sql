-- The first shape of the day book and of the local tables (schema.sql is the whole present shape).

CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    suite INTEGER NOT NULL,
    site TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hlc INTEGER NOT NULL,
    at TEXT NOT NULL,
    business_day INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    version INTEGER NOT NULL,
    subjects TEXT NOT NULL,
    key TEXT,
    payload TEXT NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX entry_key ON entry (site, key) WHERE key IS NOT NULL;

-- An entry is never changed. Only its place may go from one branch of a fork to the other (and, for a moment, below zero): its
-- hash does not name the place.
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
WHEN NOT (
    abs(abs(NEW.id) - abs(OLD.id)) IN (0, 65536000000)
    AND NEW.suite = OLD.suite AND NEW.site = OLD.site AND NEW.epoch = OLD.epoch AND NEW.seq = OLD.seq
    AND NEW.hlc = OLD.hlc AND NEW.at = OLD.at AND NEW.business_day = OLD.business_day
    AND NEW.actor = OLD.actor AND NEW.action = OLD.action AND NEW.version = OLD.version
    AND NEW.subjects = OLD.subjects AND NEW.key IS OLD.key AND NEW.payload = OLD.payload
    AND NEW.salt = OLD.salt AND NEW.leaf = OLD.leaf AND NEW.prev = OLD.prev AND NEW.hash = OLD.hash
)
BEGIN
SELECT RAISE(ABORT, 'entries are never changed');
END;

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN
SELECT RAISE(ABORT, 'entries are never deleted');
END;

-- One subject's part of an entry: where its text lies in the payload. Only what counts stands here.
CREATE TABLE entry_subject (
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    hlc INTEGER NOT NULL,
    id INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, hlc, id)
) STRICT, WITHOUT ROWID;

-- Entries of other sites held singly, each vouched for by head office; deleted when the whole chain has come.
CREATE TABLE entry_relayed (
    id INTEGER PRIMARY KEY
) STRICT;

-- The order key head office gave an entry whose stamp was wrong (entry.place). May stand before the entry is here.
CREATE TABLE entry_place (
    entry INTEGER PRIMARY KEY,
    hlc INTEGER NOT NULL,
    by INTEGER NOT NULL
) STRICT;

-- ===== local to this machine ========================================================================================

CREATE TABLE l_setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The first answer to an idempotency key, given again when the key comes again with the same input.
CREATE TABLE l_answer (
    key TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    input BLOB NOT NULL,
    entry INTEGER NOT NULL,
    result TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A closed run whose items are not all derived yet: the next entry to take.
CREATE TABLE l_pending (
    run INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Accounts whose words in the search index are out of date.
CREATE TABLE l_stale (
    account INTEGER PRIMARY KEY
) STRICT;

-- The search box (src/store/search): which accounts hold a word, as sets of places in blocks of 65,536.
CREATE TABLE l_search_word (
    block INTEGER NOT NULL,
    word TEXT NOT NULL,
    docs BLOB NOT NULL,
    PRIMARY KEY (block, word)
) STRICT, WITHOUT ROWID;

-- The account at each place, 4,096 places a row.
CREATE TABLE l_search_ids (
    chunk INTEGER PRIMARY KEY,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL,
    ids BLOB NOT NULL
) STRICT;

-- Words of accounts changed since the blocks were written.
CREATE TABLE l_search_recent (
    id INTEGER PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;

-- Phone numbers as whole numbers behind a 1.
CREATE TABLE l_search_phone (
    digits INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (digits, id)
) STRICT, WITHOUT ROWID;

-- One row: is the index whole, and how many places it has given. No row: whole and empty.
CREATE TABLE l_search_state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    ready INTEGER NOT NULL,
    places INTEGER NOT NULL
) STRICT;

-- Accounts that came in bulk, whose people's numbers are not hashed yet.
CREATE TABLE l_unhashed (
    account INTEGER PRIMARY KEY
) STRICT;

-- Accounts by the keyed hash of their people's numbers; made again when the search key changes.
CREATE TABLE l_person (
    hash INTEGER NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (hash, account)
) STRICT, WITHOUT ROWID;
-- A file that was imported, by its run: what was recognised, so that its rows can be judged again.
CREATE TABLE l_file (
    run INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    holds TEXT NOT NULL,
    name TEXT NOT NULL,
    profile TEXT NOT NULL,
    headings TEXT NOT NULL,
    day INTEGER NOT NULL,
    at TEXT NOT NULL,
    rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    unread INTEGER NOT NULL
) STRICT;

-- 待改清单: a row of a file that was not simply taken. Its cells are sealed: they may hold ID and card numbers.
CREATE TABLE l_fix (
    run INTEGER NOT NULL,
    line INTEGER NOT NULL,
    name TEXT NOT NULL,
    defect TEXT NOT NULL,
    message TEXT NOT NULL,
    cells BLOB NOT NULL,
    account INTEGER,
    follows INTEGER,
    state TEXT NOT NULL,
    entry INTEGER,
    note TEXT NOT NULL,
    PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX l_fix_waiting ON l_fix (state, account) WHERE state = 'open';

-- 交换: what this machine knows of another site's bundles: the last one sent and the last one taken in.
CREATE TABLE l_peer (
    site TEXT PRIMARY KEY,
    sent INTEGER NOT NULL,
    sent_hash TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    taken_life INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    taken_hash TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    seen_life INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    told_life INTEGER NOT NULL,
    told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What another site says it holds whole, chain by chain: from here on it is sent.
CREATE TABLE l_ack (
    site TEXT NOT NULL,
    chain INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (site, chain)
) STRICT, WITHOUT ROWID;

-- Every bundle sent, taken in, held or refused here.
CREATE TABLE l_bundle (
    hash TEXT NOT NULL,
    way TEXT NOT NULL,
    site TEXT NOT NULL,
    life INTEGER NOT NULL,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    at TEXT NOT NULL,
    entries INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (hash, way)
) STRICT, WITHOUT ROWID;

CREATE INDEX l_bundle_at ON l_bundle (at);

CREATE INDEX l_bundle_number ON l_bundle (site, life, number);

-- The bundle being taken in slice by slice: a killed import goes on with it.
CREATE TABLE l_intake (
    hash TEXT PRIMARY KEY,
    file TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Head office: entries of other sites that a branch is to know, in the order they are sent.
CREATE TABLE l_relay (
    site TEXT NOT NULL,
    number INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX l_relay_entry ON l_relay (site, entry);

-- Head office: whom a branch is to know.
CREATE TABLE l_follow (
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    PRIMARY KEY (site, kind, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX l_follow_subject ON l_follow (kind, subject);

-- Head office: how far each chain was looked through for a branch.
CREATE TABLE l_sifted (
    site TEXT NOT NULL,
    chain INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (site, chain)
) STRICT, WITHOUT ROWID;

-- Branch: heads that stand in headers head office has signed; with them head office takes lost entries back.
CREATE TABLE l_proof (
    chain INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    signed BLOB NOT NULL
) STRICT;

-- Those headers, byte for byte, by the hash of the whole bundle's body.
CREATE TABLE l_signed_header (
    body_hash BLOB PRIMARY KEY,
    header BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
