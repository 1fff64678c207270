-- Whether a token has expired is computed from the clock of the moment, no longer stored: one that
-- was shown while the clock was wrong would stay expired for ever.

BEGIN IMMEDIATE;

UPDATE api_token SET status = 0, invalidated_at = NULL WHERE status = 1;

PRAGMA user_version = 5;

COMMIT;
