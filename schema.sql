-- The whole present shape. entry*: the day book (日记账), never changed. l_*: local to this machine. d_*: derived from
-- entries, dropped and rebuilt at will. Amounts are fen, quantities thousandths, dates day numbers, ids packed places.

-- ===== day book =====================================================================================================

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

CREATE UNIQUE INDEX entry_key ON entry (site, key) WHERE key IS NOT NULL;

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
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

-- ===== derived ======================================================================================================

-- 网点: who writes, as each site's own entries say.
CREATE TABLE d_site (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    utility TEXT NOT NULL,
    head_office INTEGER NOT NULL,
    practice INTEGER NOT NULL
) STRICT;

-- 批: a bulk work; nothing of it counts until it is closed.
CREATE TABLE d_run (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    source TEXT,
    state TEXT NOT NULL,
    rows INTEGER NOT NULL,
    closed_by INTEGER
) STRICT;

CREATE INDEX d_run_source ON d_run (source) WHERE source IS NOT NULL;

-- A subject that holds an entry this program does not know: nothing is applied to it until an upgrade.
CREATE TABLE d_hold (
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, subject, entry)
) STRICT, WITHOUT ROWID;

-- 疑问: two true entries that do not fit together, seen inside one subject.
CREATE TABLE d_exception (
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    what TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT,
    decision TEXT,
    PRIMARY KEY (kind, subject, what, first, second)
) STRICT, WITHOUT ROWID;

-- 疑问 across subjects: one number, several holders. Opened and closed by the second pass only.
CREATE TABLE d_clash (
    what TEXT NOT NULL,
    number TEXT NOT NULL,
    holders TEXT NOT NULL,
    PRIMARY KEY (what, number)
) STRICT, WITHOUT ROWID;

-- 记账分录: one entry's postings on one subject; legs add up to zero over the entry.
CREATE TABLE d_posting (
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    id INTEGER NOT NULL,
    legs TEXT NOT NULL,
    PRIMARY KEY (kind, subject, id)
) STRICT, WITHOUT ROWID;

-- 用户 of the program, and their roles with first and last day.
CREATE TABLE d_user (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    active INTEGER NOT NULL
) STRICT;

CREATE INDEX d_user_login ON d_user (login);

CREATE TABLE d_user_role (
    user INTEGER NOT NULL,
    role TEXT NOT NULL,
    entry INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER,
    PRIMARY KEY (user, role)
) STRICT, WITHOUT ROWID;

-- 师傅: who is sent out, by team and area.
CREATE TABLE d_worker (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    team TEXT NOT NULL,
    area TEXT NOT NULL,
    phone TEXT NOT NULL,
    active INTEGER NOT NULL
) STRICT;
