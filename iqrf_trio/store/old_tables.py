"""What the databases of old gateways have in common: tables of rows, JSON in columns, FRCs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from iqrf_trio.store import json_text
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection
from protocol.api import document
from protocol.api.errors import NotJsonError
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.strict.json import JsonObject

Row = Mapping[str, Any]

FRCS = {
    "frc2Bit": SENSOR_2BIT,
    "frc1Byte": SENSOR_1BYTE,
    "frc2Byte": SENSOR_2BYTE,
    "frc4Byte": SENSOR_4BYTE,
}
"""The FRC commands that read sensors, by the names of old gateways."""


def names(connection: Connection) -> set[str]:
    """The tables that there are."""
    return {row["name"] for row in connection.execute("SELECT name FROM sqlite_master")}


def rows(connection: Connection, path: Path, table: str) -> Sequence[Row]:
    """All rows of a table. Raises StoreError where there is no such table."""
    known = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    if not known:
        raise StoreError(f"{path}: Table {table} does not exist in database.")
    return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


@define
class Metadata:
    """Reads users' metadata, which are JSON objects; what cannot be taken is told in `lost`."""

    lost: list[str] = field(factory=list)

    def of(self, whose: str, text: object) -> JsonObject | None:
        """The object that `text` is as JSON, None where it is none or no answer could hold it."""
        if text is None:
            return None
        found, problem = json_object(text)
        if found is None:
            self.lost.append(f"metadata of {whose}: {problem}")
        return found


def json_object(text: object) -> tuple[JsonObject | None, str]:
    """The object that `text` is as JSON; None and the reason where it is none that can be held."""
    if not isinstance(text, str):
        return None, "no text"
    try:
        found = document.read(text)
        if found.problem:
            return None, found.problem
        json_text.dump(found.value)
    except NotJsonError:
        return None, "no JSON"
    except StoreError as error:
        return None, str(error)
    return (found.value, "") if isinstance(found.value, dict) else (None, "no JSON object")
