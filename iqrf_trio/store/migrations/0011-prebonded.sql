-- Whether a network service may have left nodes prebonded, which have to be released.

BEGIN IMMEDIATE;

ALTER TABLE journal ADD COLUMN prebonded INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 11;

COMMIT;
