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

CREATE INDEX entry_key ON entry (site, key) WHERE key IS NOT NULL;

-- What says who may do what, found by the entries themselves and by no table that another tool could change.
CREATE INDEX entry_rights ON entry (action, subjects) WHERE action IN (
    'user.add', 'user.right', 'user.reset', 'user.password', 'user.close', 'site.trust', 'site.enrol', 'site.amend'
);

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

-- Who read or exported a whole list on this machine.
CREATE TABLE l_access (
    no INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    user INTEGER,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

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

-- ===== derived ======================================================================================================

-- 网点: who writes, as each site's own entries say.
CREATE TABLE d_site (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    utility TEXT NOT NULL,
    head_office INTEGER NOT NULL,
    practice INTEGER NOT NULL,
    cut_off INTEGER NOT NULL
) STRICT;

-- What one site says of another: a branch trusts its head office, a head office enrols a branch.
CREATE TABLE d_site_bond (
    site INTEGER NOT NULL,
    by TEXT NOT NULL,
    kind TEXT NOT NULL,
    entry INTEGER NOT NULL,
    name TEXT NOT NULL,
    utility TEXT NOT NULL,
    practice INTEGER NOT NULL,
    sign TEXT NOT NULL,
    seal TEXT NOT NULL,
    areas TEXT NOT NULL,
    everything INTEGER NOT NULL,
    roles TEXT NOT NULL,
    good_for_days INTEGER NOT NULL,
    data_key TEXT,
    revoked TEXT,
    accepted INTEGER,
    frozen INTEGER,
    clock_ahead_ms INTEGER NOT NULL,
    clock_said INTEGER,
    clock_confirmed INTEGER NOT NULL,
    first INTEGER NOT NULL,
    handed_to TEXT,
    PRIMARY KEY (site, by)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_site_bond_by ON d_site_bond (by, kind);

-- Certificates by which a site went over to new keys, as the site's own entries give them.
CREATE TABLE d_site_key (
    site INTEGER NOT NULL,
    name TEXT NOT NULL,
    follows TEXT NOT NULL,
    sign TEXT NOT NULL,
    seal TEXT NOT NULL,
    at TEXT NOT NULL,
    signature TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (site, name, follows)
) STRICT, WITHOUT ROWID;

-- Counter-signed heads: what a head office says it holds of a site's chains.
CREATE TABLE d_site_head (
    site INTEGER NOT NULL,
    by TEXT NOT NULL,
    chain TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    count INTEGER NOT NULL,
    at TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (site, by, chain, epoch)
) STRICT, WITHOUT ROWID;

-- 分叉: a place with two entries, and which of them is the main branch's, as head office first said.
CREATE TABLE d_fork (
    place INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    main BLOB NOT NULL,
    twin BLOB NOT NULL,
    entry INTEGER NOT NULL
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
    state TEXT NOT NULL,
    owner TEXT,
    decision TEXT,
    PRIMARY KEY (what, number)
) STRICT, WITHOUT ROWID;

-- What was said about a clash: who looks after it, how it was decided. It counts while the same holders clash.
CREATE TABLE d_clash_word (
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    what TEXT NOT NULL,
    number TEXT NOT NULL,
    id INTEGER NOT NULL,
    holders TEXT NOT NULL,
    owner TEXT,
    decision TEXT,
    PRIMARY KEY (kind, subject, what, number, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_clash_word_of ON d_clash_word (what, number);

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
    site TEXT NOT NULL,
    entry INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER,
    PRIMARY KEY (user, role, site)
) STRICT, WITHOUT ROWID;

-- 师傅: who is sent out, by team and area.
CREATE TABLE d_worker (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    team TEXT NOT NULL,
    area TEXT NOT NULL,
    phone TEXT NOT NULL,
    active INTEGER NOT NULL,
    post TEXT NOT NULL
) STRICT;

-- 价目: one file of the price book, its text whole.
CREATE TABLE d_tariff (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    file TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE INDEX d_tariff_code ON d_tariff (code, valid_from);

-- 工作日历 of one year, its file's text whole.
CREATE TABLE d_calendar (
    id INTEGER PRIMARY KEY,
    year INTEGER NOT NULL,
    file TEXT NOT NULL,
    text TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

-- 业务目录: one business of the company, its file's text whole.
CREATE TABLE d_service (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    file TEXT NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE INDEX d_service_code ON d_service (code);

-- 一户一档: one household, one file.
CREATE TABLE d_account (
    id INTEGER PRIMARY KEY,
    no TEXT NOT NULL,
    utility TEXT NOT NULL,
    name TEXT NOT NULL,
    initials TEXT,
    id_kind TEXT,
    id_number TEXT,
    phone TEXT,
    mobile TEXT,
    sms TEXT,
    sms_carrier TEXT,
    estate TEXT NOT NULL,
    address TEXT NOT NULL,
    area TEXT,
    building_kind TEXT,
    building TEXT NOT NULL,
    unit TEXT NOT NULL,
    room TEXT NOT NULL,
    book TEXT NOT NULL,
    route TEXT NOT NULL,
    read_way TEXT NOT NULL,
    class TEXT NOT NULL,
    class_confirmed INTEGER NOT NULL,
    mix TEXT,
    people INTEGER,
    discount TEXT,
    user_kind TEXT,
    user_type TEXT,
    method TEXT NOT NULL,
    bank_name TEXT,
    bank_holder TEXT,
    bank_card TEXT,
    agreement TEXT,
    connection TEXT,
    connected INTEGER,
    invoiced INTEGER,
    supplied INTEGER,
    opened INTEGER,
    status TEXT NOT NULL,
    customer INTEGER NOT NULL,
    recent TEXT NOT NULL,
    remark TEXT NOT NULL,
    extra TEXT NOT NULL
) STRICT;

CREATE INDEX d_account_no ON d_account (no);
CREATE INDEX d_account_book ON d_account (book, route);

-- Who the account belonged to, since when: opening and every transfer.
CREATE TABLE d_owner (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    since INTEGER NOT NULL,
    name TEXT NOT NULL,
    id_kind TEXT,
    id_number TEXT,
    fee INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

-- Every amendment of a field, with what came of it.
CREATE TABLE d_field (
    account INTEGER NOT NULL,
    field TEXT NOT NULL,
    id INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    base INTEGER,
    before TEXT,
    value TEXT,
    mark INTEGER,
    outcome TEXT NOT NULL,
    PRIMARY KEY (account, field, id)
) STRICT, WITHOUT ROWID;

-- Files opened at a desk, by their person: two for one person, opened apart, are a clash.
CREATE TABLE d_newcomer (
    account INTEGER PRIMARY KEY,
    mark INTEGER NOT NULL,
    known TEXT NOT NULL
) STRICT;

CREATE INDEX d_newcomer_mark ON d_newcomer (mark);

-- 表: the meters of an account, each with its state (A-05).
CREATE TABLE d_meter (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    no TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    calibre TEXT NOT NULL,
    dial INTEGER NOT NULL,
    direction TEXT NOT NULL,
    fitted INTEGER,
    first INTEGER NOT NULL,
    removed INTEGER,
    last INTEGER,
    state TEXT NOT NULL,
    seal TEXT NOT NULL,
    disputed INTEGER NOT NULL,
    replaced_by INTEGER,
    shut INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_meter_no ON d_meter (no);

-- 读数 in order of the day they were taken; the last row of an account is its last reading.
CREATE TABLE d_reading (
    account INTEGER NOT NULL,
    day INTEGER NOT NULL,
    id INTEGER NOT NULL,
    meter INTEGER NOT NULL,
    value INTEGER NOT NULL,
    source TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    rollover INTEGER NOT NULL,
    remark TEXT NOT NULL,
    reader TEXT NOT NULL,
    registers TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (account, day, id)
) STRICT, WITHOUT ROWID;

-- 卡片录入: what was keyed from a reading card, by whom; two people key a card before it counts.
CREATE TABLE d_card (
    account INTEGER NOT NULL,
    cycle TEXT NOT NULL,
    id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    day INTEGER NOT NULL,
    value INTEGER NOT NULL,
    posted INTEGER NOT NULL,
    PRIMARY KEY (account, cycle, id)
) STRICT, WITHOUT ROWID;

-- 账单: its lines stay in the entry that made it.
CREATE TABLE d_bill (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    cycle TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    dated INTEGER NOT NULL,
    due INTEGER NOT NULL,
    volume INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    unpaid INTEGER NOT NULL,
    tariff TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    prepaid INTEGER NOT NULL,
    reading INTEGER,
    behind INTEGER,
    highest INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_bill_unpaid ON d_bill (account, unpaid) WHERE unpaid > 0;
CREATE INDEX d_bill_held ON d_bill (cycle, account) WHERE state = 'held';

-- 拆换单: a meter swap slip, from the swap desk to its entry.
CREATE TABLE d_slip (
    id INTEGER PRIMARY KEY,
    no TEXT NOT NULL,
    account INTEGER,
    account_no TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    old_meter TEXT NOT NULL,
    final_value INTEGER,
    new_meter TEXT NOT NULL,
    calibre TEXT NOT NULL,
    first_value INTEGER,
    day INTEGER,
    reason TEXT NOT NULL,
    worker TEXT NOT NULL,
    old_seal TEXT NOT NULL,
    new_seal TEXT NOT NULL,
    materials TEXT NOT NULL,
    remark TEXT NOT NULL,
    state TEXT NOT NULL,
    clerk INTEGER,
    entered INTEGER,
    taken INTEGER NOT NULL
) STRICT;

CREATE INDEX d_slip_no ON d_slip (no);
CREATE INDEX d_slip_state ON d_slip (state, no);

-- 退回登记: slips that went back to the swap desk (R-266), and when they came again.
CREATE TABLE d_slip_return (
    slip INTEGER NOT NULL,
    id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    reason TEXT NOT NULL,
    resumed INTEGER,
    PRIMARY KEY (slip, id)
) STRICT, WITHOUT ROWID;

-- 收费 on an account. `lines` say what each bill took, as the fold applied it; what no bill took is `credit`.
CREATE TABLE d_payment (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    shift INTEGER,
    business_day INTEGER NOT NULL,
    day INTEGER NOT NULL,
    actor TEXT NOT NULL,
    method TEXT NOT NULL,
    receipt TEXT NOT NULL,
    paper TEXT,
    amount INTEGER NOT NULL,
    late_fee INTEGER NOT NULL,
    waived INTEGER NOT NULL,
    to_prepaid INTEGER NOT NULL,
    from_prepaid INTEGER NOT NULL,
    from_credit INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    lines TEXT NOT NULL,
    state TEXT NOT NULL,
    reversed_by INTEGER,
    confirmed_by INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

-- What part payments of a bill leave behind for its late fee.
CREATE TABLE d_bill_late (
    account INTEGER NOT NULL,
    bill INTEGER NOT NULL,
    fen_days INTEGER NOT NULL,
    fen_days_later INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    PRIMARY KEY (account, bill)
) STRICT, WITHOUT ROWID;

-- 班次: an opened till, from its counted float to its close.
CREATE TABLE d_shift (
    id INTEGER PRIMARY KEY,
    user INTEGER NOT NULL,
    clerk TEXT NOT NULL,
    no INTEGER NOT NULL,
    day INTEGER NOT NULL,
    opened_at TEXT NOT NULL,
    opening INTEGER NOT NULL,
    carried INTEGER,
    open_note TEXT NOT NULL,
    added INTEGER NOT NULL,
    income INTEGER NOT NULL,
    paid_in INTEGER NOT NULL,
    cash INTEGER NOT NULL,
    state TEXT NOT NULL,
    counted INTEGER,
    over INTEGER,
    note TEXT NOT NULL,
    head TEXT NOT NULL,
    closed_by INTEGER,
    closed_at TEXT
) STRICT;

-- Signatures on a closed shift: the cashier's, then the accountant's.
CREATE TABLE d_shift_sign (
    shift INTEGER NOT NULL,
    step TEXT NOT NULL,
    id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    at TEXT NOT NULL,
    remark TEXT NOT NULL,
    difference INTEGER NOT NULL,
    changed INTEGER,
    PRIMARY KEY (shift, step)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_shift_user ON d_shift (user, state);
CREATE INDEX d_shift_day ON d_shift (day);

-- Everything that moved money in a shift, one line an entry; a reversal and a deposit stand with their sign.
CREATE TABLE d_till (
    shift INTEGER NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    at TEXT NOT NULL,
    series TEXT NOT NULL,
    serial INTEGER NOT NULL,
    paper TEXT,
    account INTEGER,
    payer TEXT NOT NULL,
    item TEXT NOT NULL,
    method TEXT NOT NULL,
    principal INTEGER NOT NULL,
    late_fee INTEGER NOT NULL,
    waived INTEGER NOT NULL,
    to_prepaid INTEGER NOT NULL,
    from_prepaid INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    reverses INTEGER,
    reversed_by INTEGER,
    pending INTEGER NOT NULL,
    PRIMARY KEY (shift, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_till_receipt ON d_till (series, serial);
CREATE INDEX d_till_paper ON d_till (paper) WHERE paper IS NOT NULL;
CREATE INDEX d_till_day ON d_till (day);

-- Money of the customer that no bill took: 预存, and credit from corrections and double payments.
CREATE TABLE d_balance (
    account INTEGER PRIMARY KEY,
    prepaid INTEGER NOT NULL,
    credit INTEGER NOT NULL
) STRICT;

-- 工单, and cases closed at the window.
CREATE TABLE d_order (
    id INTEGER PRIMARY KEY,
    account INTEGER,
    service TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    stage TEXT NOT NULL,
    due INTEGER NOT NULL,
    held INTEGER NOT NULL,
    promise INTEGER,
    step INTEGER,
    urgency TEXT NOT NULL,
    address TEXT NOT NULL,
    area TEXT NOT NULL,
    caller TEXT NOT NULL,
    phone TEXT NOT NULL,
    wish TEXT NOT NULL,
    channel TEXT NOT NULL,
    worker INTEGER,
    day INTEGER NOT NULL,
    told INTEGER NOT NULL,
    dispatched INTEGER,
    done INTEGER,
    outcome TEXT NOT NULL,
    overrun TEXT NOT NULL,
    window_over INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    owed INTEGER NOT NULL,
    deed_due INTEGER NOT NULL,
    deed INTEGER,
    join_key TEXT,
    last INTEGER NOT NULL,
    life TEXT
) STRICT;

-- The desk sorted by time left: held clocks apart, because what they have left does not shrink.
CREATE INDEX d_order_due ON d_order (held, due, id) WHERE open = 1;
CREATE INDEX d_order_stage ON d_order (stage, held, due, id) WHERE open = 1;
CREATE INDEX d_order_join ON d_order (join_key) WHERE join_key IS NOT NULL;
CREATE INDEX d_order_account ON d_order (account, id) WHERE account IS NOT NULL;
CREATE INDEX d_order_day ON d_order (day);
CREATE INDEX d_order_worker ON d_order (worker, dispatched) WHERE worker IS NOT NULL;

-- What happened to an order, in effect or not.
CREATE TABLE d_order_event (
    order_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    worker INTEGER,
    note TEXT NOT NULL,
    effective INTEGER NOT NULL,
    PRIMARY KEY (order_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_order_event_day ON d_order_event (day, what);

-- What a case costs (应收业务费, 押金), and what has come in for it.
CREATE TABLE d_charge (
    order_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    account INTEGER,
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    invoice TEXT NOT NULL,
    deposit INTEGER NOT NULL,
    before TEXT NOT NULL,
    day INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    owed INTEGER NOT NULL,
    refundable INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (order_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX d_charge_owed ON d_charge (account) WHERE owed > 0;
CREATE INDEX d_charge_account ON d_charge (account) WHERE account IS NOT NULL;

-- Money taken for a charge.
CREATE TABLE d_charge_paid (
    order_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    key TEXT NOT NULL,
    receipt TEXT NOT NULL,
    amount INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (order_id, id)
) STRICT, WITHOUT ROWID;

-- 挂起: cases parked under their queue number; what was typed is sealed.
CREATE TABLE d_parked (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    service TEXT NOT NULL,
    account INTEGER,
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    missing TEXT NOT NULL,
    draft TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;

CREATE INDEX d_parked_queue ON d_parked (queue) WHERE state <> 'taken';

-- Orders whose end changes the meter, as their account sees them.
CREATE TABLE d_write_back (
    account INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    life TEXT NOT NULL,
    PRIMARY KEY (account, order_id)
) STRICT, WITHOUT ROWID;

-- 特殊处理申请: what was asked, the picture it was asked with, who checked and who decided.
CREATE TABLE d_request (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    maker TEXT NOT NULL,
    day INTEGER NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL,
    bills TEXT NOT NULL,
    change TEXT NOT NULL,
    evidence TEXT NOT NULL,
    site_order INTEGER,
    amount INTEGER NOT NULL,
    picture TEXT NOT NULL,
    picture_hash TEXT NOT NULL,
    entry_hash TEXT NOT NULL,
    standing TEXT NOT NULL,
    checker TEXT,
    checked_at TEXT,
    check_remark TEXT NOT NULL,
    approver TEXT,
    decided_day INTEGER,
    decided_at TEXT,
    decide_remark TEXT NOT NULL
) STRICT;

CREATE INDEX d_request_account ON d_request (account, state);
CREATE INDEX d_request_open ON d_request (state, id) WHERE state IN ('asked', 'checked', 'disputed');
CREATE INDEX d_request_day ON d_request (day);

-- The same requests as their account sees them, with what took effect.
CREATE TABLE d_adjust (
    account INTEGER NOT NULL,
    request INTEGER NOT NULL,
    entry_hash TEXT NOT NULL,
    standing TEXT NOT NULL,
    applied TEXT NOT NULL,
    PRIMARY KEY (account, request)
) STRICT, WITHOUT ROWID;

-- A bill that an adjustment replaced, and the bill in its place.
CREATE TABLE d_rebill (
    account INTEGER NOT NULL,
    old INTEGER NOT NULL,
    new INTEGER NOT NULL,
    request INTEGER NOT NULL,
    PRIMARY KEY (account, old)
) STRICT, WITHOUT ROWID;

-- Prices set from a day by special handling, and what stood until then.
CREATE TABLE d_price (
    account INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    id INTEGER NOT NULL,
    from_day INTEGER NOT NULL,
    class TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    mix TEXT,
    stands INTEGER NOT NULL,
    PRIMARY KEY (account, turn)
) STRICT, WITHOUT ROWID;

-- Late fee waived by an approved request: not charged any more, or paid and given back as credit.
CREATE TABLE d_waiver (
    account INTEGER NOT NULL,
    bill INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    request INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    refund INTEGER NOT NULL,
    PRIMARY KEY (account, bill, entry)
) STRICT, WITHOUT ROWID;
