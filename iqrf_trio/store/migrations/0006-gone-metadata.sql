-- What users noted about devices that are no longer in the network; it comes back with them.

BEGIN IMMEDIATE;

CREATE TABLE gone_metadata (
    id INTEGER PRIMARY KEY, -- grows: the lowest one went first
    mid INTEGER UNIQUE, -- NULL where it was not known, or was another device's as well
    address INTEGER NOT NULL, -- by which the device is known again where its MID is not
    metadata TEXT NOT NULL -- JSON object
) STRICT;

PRAGMA user_version = 6;

COMMIT;
