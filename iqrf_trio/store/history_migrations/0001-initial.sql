-- The history: values as they came, by the hour, and by the day.
--
-- All tables have the time first: a cycle of 239 nodes then touches 20 pages; with the series first
-- it would touch 700, and write a hundred times as much to the card. Who asks for one series looks
-- it up at each moment of the range, which costs as much as there are points.

BEGIN IMMEDIATE;

-- One sensor of one module, by the MID of the module: it outlives addresses and enumerations.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    mid INTEGER NOT NULL,
    sensor INTEGER NOT NULL, -- its index; -1 the RSSI, -2 the supply voltage
    type INTEGER NOT NULL,   -- of the quantity; 0 for the supply voltage
    name TEXT NOT NULL,
    unit TEXT,
    UNIQUE (mid, sensor, type)
) STRICT;

CREATE TABLE sample (
    at INTEGER NOT NULL, -- Unix seconds
    series INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (at, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly (
    at INTEGER NOT NULL, -- beginning of the hour
    series INTEGER NOT NULL,
    count INTEGER NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    mean REAL NOT NULL,
    PRIMARY KEY (at, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily (
    at INTEGER NOT NULL, -- beginning of the day, UTC
    series INTEGER NOT NULL,
    count INTEGER NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    mean REAL NOT NULL,
    PRIMARY KEY (at, series)
) STRICT, WITHOUT ROWID;

-- One row: the days before it are in hourly and daily.
CREATE TABLE progress (rolled_up_to INTEGER NOT NULL) STRICT;

PRAGMA application_id = 0x49515448; -- "IQTH"
PRAGMA user_version = 1;
COMMIT;
