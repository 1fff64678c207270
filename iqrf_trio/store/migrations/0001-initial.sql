-- The network, its latest values, settings and API tokens.
--
-- A migration is one script with one transaction: it and the record that it ran (user_version)
-- are committed together, or neither is. IMMEDIATE, so that of two programs that open a new
-- database at once the second one waits and then sees that the work is done.

BEGIN IMMEDIATE;

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    hwpid INTEGER NOT NULL,
    hwpid_version INTEGER NOT NULL,
    os_build INTEGER NOT NULL,
    dpa INTEGER NOT NULL,
    os_version TEXT NOT NULL,
    manufacturer TEXT,
    name TEXT,
    UNIQUE (hwpid, hwpid_version, os_build, dpa)
) STRICT;

-- A device is a module, known by its MID; its row moves with it from address to address.
-- A negative address is one that is being given away inside a transaction.
CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    mid INTEGER NOT NULL,
    address INTEGER NOT NULL UNIQUE,
    discovered INTEGER NOT NULL,
    vrn INTEGER NOT NULL,
    zone INTEGER NOT NULL,
    parent INTEGER,
    product INTEGER REFERENCES product (id),
    standards_known INTEGER NOT NULL,
    binary_outputs INTEGER NOT NULL,
    light INTEGER NOT NULL,
    metadata TEXT -- JSON object, what a user noted about this module
) STRICT;

CREATE INDEX device_product ON device (product);

CREATE TABLE sensor (
    device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, -- among all sensors of the device
    type INTEGER NOT NULL,
    type_index INTEGER NOT NULL, -- among the device's sensors of that type
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    unit TEXT,
    decimals INTEGER NOT NULL,
    frcs TEXT NOT NULL, -- JSON array of FRC commands
    value ANY, -- a number
    datablock TEXT, -- JSON array of bytes, instead of a number
    updated TEXT, -- ISO 8601, UTC, milliseconds
    PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a token is part of the token and is never used again.
CREATE TABLE api_token (
    id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    owner TEXT NOT NULL,
    hash TEXT NOT NULL, -- base64 of SHA3-256
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status IN (0, 1, 2)), -- valid, expired, revoked
    service INTEGER NOT NULL,
    invalidated_at TEXT
) STRICT;

PRAGMA application_id = 0x49515452; -- "IQTR"
PRAGMA user_version = 1;

COMMIT;
