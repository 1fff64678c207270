"""Results of DPA commands in words and tables, by the layouts that their rows have."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from iqrf_trio.cli.support.spellings import objects_table, spelled
from iqrf_trio.cli.support.tables import table
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.dpa.layout import Field, PData
from protocol.api.registry import REGISTRY
from protocol.dpa.pnum import PERIPHERAL_NAMES
from protocol.strict.shape import members_of

Object = Mapping[str, Any]

_PERIPHERALS = frozenset({"embeddedPers", "userPer"})
"""Members that are numbers of peripherals."""

_SENSOR_COLUMNS = ("type", "name", "value", "unit", "frcs")
"""What people want to know of a sensor; the rest is for programs."""


def result_layout(mtype: str) -> Callable[[Object], str] | None:
    """What shows `rsp` of a DPA command; None for other messages.

    It raises KeyError, TypeError or ValueError for what is no answer to it.
    """
    row = REGISTRY.get(mtype)
    if row is None or row.result is None:
        return None
    layouts = [each.type for each in members_of(row.result) if isinstance(each.type, PData)]
    if not layouts:
        return None
    if row in COLLECTIONS:
        return partial(_collected, COLLECTIONS[row].key, COLLECTIONS[row].item_key)
    return partial(_result, layouts[0])


def _result(layout: PData, rsp: Object) -> str:
    result: Object = rsp["result"]
    fields = [each for each in layout.fields if each.name in result]
    if not fields:
        return "ok"
    lists = [each for each in fields if _are_objects(result[each.name])]
    plain = [each for each in fields if each not in lists]
    parts = [_members(plain, result)] if plain else []
    parts += [_objects(result[each.name]) for each in lists]
    return "\n".join(parts)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _members(fields: Sequence[Field], result: Object) -> str:
    """The members one below the other, with what they mean."""
    width = max(len(each.name) for each in fields)
    lines = []
    for each in fields:
        is_unit = each.about.startswith("(")
        about = f" {each.about.strip('()')}" if is_unit else f"  ({each.about})"
        line = f"{each.name.ljust(width)}  {_words(each, result[each.name])}"
        lines.append(line + about if each.about else line)
    return "\n".join(lines)


def _words(field: Field, value: Any) -> object:
    if field.name in _PERIPHERALS:
        return ", ".join(map(_peripheral, value)) or "none"
    return spelled(field.name, field.codec.words(value) if value is not None else None)


def _peripheral(pnum: int) -> str:
    name = PERIPHERAL_NAMES.get(pnum)
    return f"{name} ({pnum})" if name else str(pnum)


def _objects(objects: Sequence[Object]) -> str:
    if "decimalPlaces" not in objects[0]:
        return objects_table([{"#": number, **each} for number, each in enumerate(objects)])
    # What a product means by a generic quantity says more than the quantity.
    objects = [{**each, **_meaning(each)} for each in objects]
    columns = [name for name in _SENSOR_COLUMNS if name in objects[0]]
    rows = [
        (number, *(_sensor_cell(each[name]) for name in columns))
        for number, each in enumerate(objects)
    ]
    return table(("index", *columns), rows)


def _meaning(sensor: Object) -> Object:
    found: Object = next(iter(sensor.get("breakdown") or ()), {})
    return found


def _sensor_cell(value: Any) -> object:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value


def _collected(key: str, item_key: str, rsp: Object) -> str:
    """What nodes said in an FRC: one line for each that said something."""
    result: Object = rsp["result"]
    items: Sequence[Any] = result[key]
    selected = sorted(set(result.get("selectedNodes") or ()))
    addresses = selected or range(len(items))
    found = []
    for address, item in zip(addresses, items, strict=False):
        about = item if isinstance(item, dict) and item_key in item else None
        said = item if about is None else about[item_key]
        if said is not None and said != {"status": 0, "value": 0}:
            found.append((address if about is None else about["nAdr"], said))
    if not found:
        return "no node answered"
    nodes = "1 node" if len(found) == 1 else f"{len(found)} nodes"
    return f"{nodes} answered\n{_answers(found)}"


def _answers(found: Sequence[tuple[int, Any]]) -> str:
    _, first = found[0]
    if not isinstance(first, dict):
        return table(("address", "V"), found)
    columns = [name for name in ("name", "status", "value", "unit") if name in first]
    rows = [(address, *(said[name] for name in columns)) for address, said in found]
    return table(("address", *columns), rows)
