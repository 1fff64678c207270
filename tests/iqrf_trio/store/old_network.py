"""A database as old gateways kept it: three devices of the published examples."""

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE product (id INTEGER PRIMARY KEY AUTOINCREMENT, hwpid INT, hwpidVersion INT,
    osBuild INT, osVersion TEXT, dpaVersion INT, handlerUrl TEXT, handlerHash TEXT,
    customDriver TEXT, packageId INT, manufacturer TEXT, name TEXT);
CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, address INT UNIQUE, discovered INT,
    mid INT UNIQUE, vrn INT, zone INT, parent INT, enumerated INT, productId INT, metadata TEXT);
CREATE TABLE bo (id INTEGER PRIMARY KEY, deviceId INT UNIQUE, count INT);
CREATE TABLE light (id INTEGER PRIMARY KEY, deviceId INT UNIQUE);
CREATE TABLE sensor (id INTEGER PRIMARY KEY, type INT, name TEXT, shortname TEXT, unit TEXT,
    decimals INT, frc2Bit INT, frc1Byte INT, frc2Byte INT, frc4Byte INT);
CREATE TABLE deviceSensor (address INT, type INT, globalIndex INT, typeIndex INT, sensorId INT,
    value REAL, updated TEXT, metadata TEXT, PRIMARY KEY (address, type, globalIndex));

INSERT INTO product VALUES (3, 12292, 6, 2264, '4.06D', 1047, NULL, NULL, NULL, NULL,
    'MICRORISC s.r.o.', 'IQUBE (IQD-GW-02)');
INSERT INTO product VALUES (4, 1026, 2, 2264, '4.06D', 1047, NULL, NULL, NULL, 7, NULL, NULL);
INSERT INTO device VALUES (300, 0, 0, 2164293634, 0, 0, NULL, 1, 3, '{"name":"coord"}');
INSERT INTO device VALUES (301, 1, 1, 2165406801, 1, 255, 0, 1, 4, NULL);
INSERT INTO device VALUES (302, 2, 1, 2165406755, 2, 1, 1, 0, 4, 'no JSON');
INSERT INTO bo VALUES (1, 301, 4);
INSERT INTO light VALUES (1, 302);
INSERT INTO sensor VALUES (1, 1, 'Temperature', 'T', '°C', 4, 0, 1, 1, 0);
INSERT INTO sensor VALUES (2, 129, 'Potentiometer', 'pot', '%', 1, 1, 1, 0, 0);
INSERT INTO sensor VALUES (3, 192, 'Data block', 'datablock', '?', 0, 0, 0, 0, 0);
INSERT INTO deviceSensor VALUES (1, 129, 2, 0, 2, 30.7, '2025-06-02 08:02:36', NULL);
INSERT INTO deviceSensor VALUES (1, 1, 0, 0, 1, 21.5, '2025-06-02T08:02:36.000Z', NULL);
INSERT INTO deviceSensor VALUES (1, 129, 1, 0, 2, 44.9, 'Mon, 02 Jun 25 08:02:36 GMT', NULL);
INSERT INTO deviceSensor VALUES (1, 192, 3, 0, 3, NULL, '2025-06-02 08:02:36',
    '{"datablock":[1,2,3]}');
INSERT INTO deviceSensor VALUES (2, 1, 0, 0, 1, 5.0, 'some day', NULL);
"""


def make(path: Path, *changes: str) -> Path:
    """The database at `path`, with statements that spoil it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        for change in changes:
            connection.execute(change)
        connection.commit()
    return path
