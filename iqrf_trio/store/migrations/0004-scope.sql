-- What a token may do. Tokens that are there already may go on doing all that they could do.

BEGIN IMMEDIATE;

ALTER TABLE api_token ADD COLUMN scope TEXT NOT NULL DEFAULT 'manage'
    CHECK (scope IN ('read', 'control', 'manage'));

PRAGMA user_version = 4;

COMMIT;
