-- Whether a device answered when it was asked last, and what its sensors' values are multiplied by.

BEGIN IMMEDIATE;

ALTER TABLE device ADD COLUMN responding INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sensor ADD COLUMN scale REAL NOT NULL DEFAULT 1.0;

PRAGMA user_version = 2;

COMMIT;
