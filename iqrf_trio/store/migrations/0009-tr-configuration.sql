-- The configuration that each module was last seen with, so that another one can take its place.

BEGIN IMMEDIATE;

CREATE TABLE tr_configuration (
    id INTEGER PRIMARY KEY, -- grows: the lowest one was noted first
    mid INTEGER NOT NULL UNIQUE,
    settings TEXT NOT NULL, -- hex, 31 bytes
    rfpgm INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 9;

COMMIT;
