-- What a network service has changed for a while: one entry, since there is one radio.

BEGIN IMMEDIATE;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    service TEXT NOT NULL, -- mType
    coordinator INTEGER, -- MID, NULL where it was not known
    stage TEXT NOT NULL, -- how far the service is
    frc_response_time INTEGER, -- the values to put back; NULL in any of these: not changed
    dpa_value INTEGER,
    rx_hops INTEGER,
    tx_hops INTEGER
) STRICT;

PRAGMA user_version = 7;

COMMIT;
