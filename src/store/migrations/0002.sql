-- Version 1 to 2: rights are read from the entries that give them, and whole lists read are logged.
-- What says who may do what, found by the entries themselves and by no table that another tool could change.
CREATE INDEX entry_rights ON entry (action, subjects) WHERE action IN (
    'user.add', 'user.right', 'user.reset', 'user.password', 'user.close', 'site.trust', 'site.enrol', 'site.amend'
);

-- Who read or exported a whole list on this machine.
CREATE TABLE l_access (
    no INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    user INTEGER,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
