-- Changes of bonds that have come to their end, to be undone, the last one first.

BEGIN IMMEDIATE;

CREATE TABLE bond_record (
    id INTEGER PRIMARY KEY, -- grows: the highest one is the last
    coordinator INTEGER NOT NULL, -- MID
    service TEXT NOT NULL, -- mType
    joined TEXT NOT NULL, -- JSON: pairs of address and MID (0: not known)
    gone TEXT NOT NULL -- the same of the nodes that left
) STRICT;

PRAGMA user_version = 12;

COMMIT;
