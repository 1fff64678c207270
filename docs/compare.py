"""Compares the generated schemas with published ones: `python -m docs.compare PATH`.

PATH is a folder of the IQRF Gateway Daemon's JSON Schemas (`<mType>-request-1-0-0.json`,
`-response-`, `-message-`). Each difference is listed with the reason for it; one without a reason
makes the exit code 1.
"""

import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import frozen

from protocol.api import schemas
from protocol.api.errors import MESSAGE_ERROR
from protocol.api.registry import REGISTRY, UNASKED
from protocol.api.schemas import Schema

_LIMITS = ("minimum", "maximum", "minItems", "maxItems", "uniqueItems", "enum")


@frozen
class Difference:
    """One difference: in which message, where in it, and what it is."""

    message: str
    path: str
    what: str

    @property
    def reason(self) -> str | None:
        """Why it is so, None where nobody has said."""
        for message, path, what, reason in REASONS:
            if (
                fnmatchcase(self.message, message)
                and fnmatchcase(self.path, path)
                and fnmatchcase(self.what, what)
            ):
                return reason
        return None


_OPEN = "what has room for more members one day is open; tests hold answers against strict schemas"
_OURS = "our own; only where the request has `data.progress`"
_SENT = "limits of what the gateway says itself are not repeated, or are told more exactly"

REASONS: tuple[tuple[str, str, str, str], ...] = (
    ("messageError-*", "*", "*", "there it is a bare object; here its members are told"),
    ("ntfDaemon_Monitor-*", "*", "*", "the values are told more exactly"),
    ("*-re*", "*", "closed only there", _OPEN),
    ("*-response", "data.raw*", "closed only here", "a record never has other members"),
    ("*-response", "*", "required only here", "it is always sent"),
    ("*-request", "data.req.deviceAddr", "required only here", "nothing is unbonded by default"),
    ("iqrfDb_Enumerate-response", "data.rsp", "required only there", "it is sent all the same"),
    ("iqrfSensorData_*", "data.rsp", "only there", "there is nothing to tell, so it is left out"),
    ("*ReportAsync-response", "data.raw", "only there", "a report is many transactions"),
    ("*-request", "ver", "only here", "the one version that open messages may name"),
    ("*", "data.progress", "only here", _OURS),
    ("*-request", "data.repeat", "*", "bounded, since each repetition costs the radio"),
    ("*-response", "data.errorStr", "only here", "the cause, in failures alone"),
    ("*-response", "data.rsp.metaData", "only here", "only after iqrfDb_MetadataAnnotation"),
    ("*-response", "*.otherHwpId", "only here", _OURS),
    ("*-response", "*", "is * there, * here", "an integer is a number; a bare schema is any type"),
    ("*-request", "*", "m* None there, * here", "what cannot be sent is refused before the radio"),
    ("*-request", "data.req.responseTime", "enum *", "multiples of 16 are checked by the service"),
    ("*-response", "*", "m*", _SENT),
    ("*-response", "*", "enum *", _SENT),
)
"""Patterns of message, path and difference, and the reason; the first that fits counts."""


def differences(folder: Path) -> Iterator[Difference]:
    """All differences between the generated schemas and those in the folder."""
    for name, made in sorted(generated().items()):
        file = folder / f"{name}-1-0-0.json"
        if file.exists():
            yield from _compared(name, "", json.loads(file.read_text("utf-8")), made)
        elif not name.startswith("iqrfTrio_"):
            yield Difference(name, "", "is not published")


def generated() -> dict[str, Schema]:
    """Our schemas, by the names of their files."""
    made = {f"{row.mtype}-request": schemas.request(row) for row in REGISTRY.values()}
    made |= {f"{row.mtype}-response": schemas.answer(row) for row in REGISTRY.values()}
    for each in UNASKED.values():
        kind = "response" if each.rsp is not None else "message"
        made[f"{each.mtype}-{kind}"] = schemas.unasked(each)
    return made | {f"{MESSAGE_ERROR}-response": schemas.message_error()}


def _compared(name: str, path: str, theirs: Schema, ours: Schema) -> Iterator[Difference]:
    ours = _merged(ours)
    theirs = _merged(theirs)
    if _types(theirs) != _types(ours):
        yield Difference(name, path, f"is {_types(theirs)} there, {_types(ours)} here")
    for limit in _LIMITS:
        if limit in theirs or limit in ours:
            there, here = theirs.get(limit), ours.get(limit)
            if there != here and path != "mType":
                yield Difference(name, path, f"{limit} {there} there, {here} here")
    yield from _members(name, path, theirs, ours)
    if "items" in theirs and "items" in ours:
        yield from _compared(name, f"{path}[]", theirs["items"], ours["items"])


def _members(name: str, path: str, theirs: Schema, ours: Schema) -> Iterator[Difference]:
    there, here = theirs.get("properties", {}), ours.get("properties", {})
    for member in [*there, *(each for each in here if each not in there)]:
        inner = f"{path}.{member}".lstrip(".")
        if member not in here:
            yield Difference(name, inner, "only there")
        elif member not in there:
            yield Difference(name, inner, "only here")
        else:
            needed = [member in each.get("required", ()) for each in (theirs, ours)]
            if needed[0] is not needed[1]:
                yield Difference(name, inner, f"required only {'there' if needed[0] else 'here'}")
            yield from _compared(name, inner, there[member], here[member])
    open_ = [each.get("additionalProperties", True) is not False for each in (theirs, ours)]
    if there and here and open_[0] is not open_[1]:
        yield Difference(name, path, f"closed only {'here' if open_[0] else 'there'}")


def _merged(schema: Schema) -> Schema:
    """A schema without alternatives: their members together, required where in all of them."""
    kinds = [_merged(each) for key in ("anyOf", "oneOf") for each in schema.get(key, ())]
    objects = [each for each in kinds if "properties" in each]
    if not objects:
        return schema
    members: dict[str, Any] = {}
    for each in objects:
        members |= each["properties"]
    required = [name for name in members if all(name in o.get("required", ()) for o in objects)]
    types = sorted({kind for each in kinds for kind in _types(each)})
    closed = {"additionalProperties": False} if "additionalProperties" in objects[0] else {}
    return {"type": types, "properties": members, "required": required} | closed


def _types(schema: Schema) -> list[str]:
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        return sorted({_type_of(word) for word in words})
    inner = (each for key in ("anyOf", "oneOf") for each in schema.get(key, ()))
    kinds = [kind for each in inner for kind in _types(each)]
    kind = schema.get("type", kinds)
    return sorted({kind} if isinstance(kind, str) else set(kind))


def _type_of(word: object) -> str:
    names = {str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return names.get(type(word), "any")


def main() -> int:
    """List the differences; returns the exit code."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m docs.compare PATH\n")
        return 2
    found = list(differences(Path(sys.argv[1])))
    for each in found:
        reason = each.reason or "NO REASON"
        sys.stdout.write(f"{each.message} {each.path or '(all)'}: {each.what} -- {reason}\n")
    unexplained = sum(each.reason is None for each in found)
    sys.stdout.write(f"{len(found)} differences, {unexplained} without a reason\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
