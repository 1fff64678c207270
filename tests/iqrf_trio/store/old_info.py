"""A database as gateways before version 2.7 kept it: a coordinator, two nodes of one product, and
a lamp."""

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE Bonded (Nadr INTEGER NOT NULL PRIMARY KEY, Dis INTEGER NOT NULL, Mid INTEGER UNIQUE,
    Enm INTEGER NOT NULL);
CREATE TABLE Device (Id INTEGER PRIMARY KEY, Hwpid INTEGER, HwpidVer INTEGER, OsBuild INTEGER,
    DpaVer INTEGER, RepoPackageId INTEGER, Notes TEXT, HandlerHash TEXT, HandlerUrl TEXT,
    CustomDriver TEXT, StdEnum INTEGER NOT NULL);
CREATE TABLE Node (Mid INTEGER NOT NULL PRIMARY KEY, DeviceId INTEGER, MetaData TEXT);
CREATE TABLE Sensor (DeviceId INTEGER, Idx INTEGER, Sid TEXT, Stype INTEGER, Name TEXT,
    SName TEXT, Unit TEXT, Dplac INTEGER, Frc2bit INTEGER, Frc1byte INTEGER, Frc2byte INTEGER,
    Frc4byte INTEGER);
CREATE TABLE Binout (DeviceId INTEGER, Num INTEGER);

INSERT INTO Device VALUES (1, 0, 0, 2264, 1047, NULL, '', NULL, NULL, NULL, 0);
INSERT INTO Device VALUES (2, 1026, 2, 2264, 1047, 7, '', NULL, NULL, NULL, 1);
INSERT INTO Device VALUES (3, 18434, 1, 2264, 1047, 8, '', NULL, NULL, NULL, 1);
INSERT INTO Node VALUES (2164293634, 1, '{"name":"coord"}');
INSERT INTO Node VALUES (2165406801, 2, '{"room":{"floor":1}}');
INSERT INTO Node VALUES (2165406755, 2, 'no JSON');
INSERT INTO Node VALUES (2165406756, 3, '{"n":123456789012345678901}');
INSERT INTO Node VALUES (2165406757, 3, '{"name":"no longer bonded"}');
INSERT INTO Bonded VALUES (0, 0, 2164293634, 1);
INSERT INTO Bonded VALUES (1, 1, 2165406801, 1);
INSERT INTO Bonded VALUES (2, 0, 2165406755, 1);
INSERT INTO Bonded VALUES (3, 1, 2165406756, 1);
INSERT INTO Bonded VALUES (4, 1, NULL, 0);
INSERT INTO Sensor VALUES (2, 1, 'BINARYDATA7', 129, 'Potentiometer', 'pot', '?', 0, 1, 1, 0, 0);
INSERT INTO Sensor VALUES (2, 0, 'TEMPERATURE', 1, 'Temperature', 'T', '°C', 4, 0, 1, 1, 0);
INSERT INTO Sensor VALUES (2, 2, 'BINARYDATA7', 129, 'Light', 'lgt', '?', 0, 1, 1, 0, 0);
INSERT INTO Binout VALUES (2, 4);
"""

NEWEST = "CREATE TABLE Light (DeviceId INTEGER); INSERT INTO Light VALUES (3);"
"""What was DALI is the Light standard of today since the last schema."""
FIRST = """
CREATE TABLE Dali (DeviceId INTEGER); INSERT INTO Dali VALUES (3);
CREATE TABLE Light (DeviceId INTEGER, Num INTEGER); INSERT INTO Light VALUES (2, 1);
"""


def make(path: Path, *changes: str, schema: str = NEWEST) -> Path:
    """The database at `path`, with statements that spoil it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA + schema)
        for change in changes:
            connection.execute(change)
        connection.commit()
    return path
