-- The coordinator's parameters as they were last known: they can be read only by setting them.

BEGIN IMMEDIATE;

CREATE TABLE parameters (
    coordinator INTEGER PRIMARY KEY, -- MID
    frc_response_time INTEGER, -- NULL in any of these: not known
    dpa_value INTEGER,
    rx_hops INTEGER,
    tx_hops INTEGER
) STRICT;

PRAGMA user_version = 3;

COMMIT;
