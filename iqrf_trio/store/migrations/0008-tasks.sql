-- Tasks on a schedule, and which token took the place of one that was rotated: its tasks go along.

BEGIN IMMEDIATE;

CREATE TABLE task (
    id TEXT PRIMARY KEY, -- UUID
    client TEXT NOT NULL,
    description TEXT NOT NULL,
    items TEXT NOT NULL, -- JSON: an item, or an array of them
    time_spec TEXT NOT NULL, -- JSON
    enabled INTEGER NOT NULL,
    owner INTEGER, -- id in api_token, NULL for imported tasks
    run TEXT -- JSON: the last run, NULL before the first; without an end while it runs
) STRICT;

ALTER TABLE api_token ADD COLUMN rotated_to INTEGER;

PRAGMA user_version = 8;

COMMIT;
