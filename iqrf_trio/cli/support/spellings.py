"""Members of objects as people write them, and tables of objects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from iqrf_trio.cli.support.tables import table

Object = Mapping[str, Any]


def objects_table(objects: Sequence[Object]) -> str:
    """A table of objects with a column for each member that any of them has."""
    columns = list(dict.fromkeys(name for each in objects for name in each))
    rows = [[spelled(name, each.get(name)) for name in columns] for each in objects]
    return table(columns, rows)


def spelled(name: str, value: Any) -> object:
    """A member as people write it: versions, identifiers and lists do not read well as numbers."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    write = _SPELLINGS.get(name)
    return write(value) if write and isinstance(value, int) else value


def _dpa(version: int) -> str:
    """A DPA version without its flags: 0x0417 is 4.17."""
    return f"{version >> 8 & 0x3F:X}.{version & 0xFF:02X}"


_SPELLINGS: Mapping[str, Callable[[int], str]] = {
    "mid": "{:08X}".format,
    "hwpid": "0x{:04X}".format,
    "osBuild": "{:04X}".format,
    "dpa": _dpa,
    "dpaVer": _dpa,
}
