-- The bonds that a network service is changing, so that the next start brings that to its end.

BEGIN IMMEDIATE;

ALTER TABLE journal ADD COLUMN bonds TEXT; -- JSON; NULL where it changes none

PRAGMA user_version = 10;

COMMIT;
