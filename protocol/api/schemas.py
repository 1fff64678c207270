"""JSON Schemas of all messages, from the classes that their rows name.

With `strict` an object has no members but those that are declared: so the tests look at what the
gateway sends. What is published leaves room, since answers may have more members one day.
"""

from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import attrs

from protocol.api.errors import MESSAGE_ERROR, ErrorData
from protocol.api.family import Extra, Row, Unasked
from protocol.api.message import Style
from protocol.api.progress import Progress
from protocol.api.record import Record
from protocol.auth import messages as auth
from protocol.dpa.packet import MAX_NODE, Request
from protocol.queue.lanes import Lane
from protocol.strict.checks import (
    AtLeast,
    AtMost,
    Exactly,
    HexDigits,
    Multiple,
    Pattern,
    Range,
    RangeOr,
    distinct,
)
from protocol.strict.shape import (
    Member,
    alternatives,
    annotations,
    is_class,
    is_open,
    is_result,
    members_of,
)

Schema = dict[str, Any]

_SIMPLE: Mapping[Any, Schema] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    # What is read into a DPA request: bytes in hexadecimal digits.
    Request: {"type": "string", "pattern": r"^\s*[0-9A-Fa-f]{1,2}([. ][0-9A-Fa-f]{1,2})*\.?\s*$"},
}

EXTRAS: Mapping[Extra, Schema] = {
    Extra.TIMEOUT: {
        "type": "integer",
        "description": "how long the DPA transaction may take; the gateway gives it the time that "
        "it needs at least (ms)",
    },
    Extra.REPEAT: {
        "type": "integer",
        "minimum": 0,
        "maximum": 255,
        "default": 1,
        "description": "how often a failed transaction is repeated",
    },
    Extra.PROGRESS: {"type": "boolean", "description": "answers in between tell how far it is"},
    Extra.DRY_RUN: {"type": "boolean", "description": "change nothing, tell what there is to do"},
    Extra.NODES: {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": MAX_NODE},
        "maxItems": MAX_NODE,
        "description": "network addresses of those to deal with; all, where it is not there",
    },
}

_MSG_ID: Schema = {"type": "string", "description": "the answer bears the same"}
_VERBOSE: Schema = {"type": "boolean", "description": "tell more in the answer", "default": False}
_STATUS: Schema = {"type": "integer", "description": "0 for success"}
_STATUS_STR: Schema = {"type": "string", "description": "the status in words"}
_INS_ID: Schema = {"type": "string", "description": "the name of the gateway"}


def schema(wanted: Any, *, strict: bool = False) -> Schema:
    """The JSON Schema of a type of the API's classes."""
    bare, notes = annotations(wanted)
    if notes:
        return schema(bare, strict=strict) | _limits(notes)
    if bare in _SIMPLE:
        return dict(_SIMPLE[bare])
    return _object(bare, strict=strict) if is_class(bare) else _generic(bare, strict=strict)


def _generic(bare: Any, *, strict: bool) -> Schema:
    kinds = alternatives(bare)
    if len(kinds) > 1:
        return _union([schema(kind, strict=strict) for kind in kinds])
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Literal:
        return {"enum": [word for each in arguments for word in (get_args(each) or (each,))]}
    if origin in {tuple, list}:
        return {"type": "array", "items": schema(arguments[0], strict=strict)}
    return {"type": "object"}


def _union(schemas: list[Schema]) -> Schema:
    words = [each["enum"] for each in schemas if each.keys() == {"enum"}]
    if len(words) == len(schemas):
        return {"enum": [word for each in words for word in each]}
    types = [each["type"] for each in schemas if each.keys() == {"type"}]
    if len(types) == len(schemas):
        return {"type": types}
    return {"anyOf": schemas}


def _limits(notes: tuple[Any, ...]) -> Schema:
    found: Schema = {}
    for note in notes:
        if isinstance(note, Range):
            limits = {"minimum": note.low, "maximum": note.high}
            found |= {name: int(value) for name, value in limits.items() if value is not None}
        elif isinstance(note, RangeOr):
            between = {"type": "integer", "minimum": note.low, "maximum": note.high}
            found["anyOf"] = [between, {"enum": list(note.others)}]
        elif isinstance(note, Multiple):
            found |= {"minimum": 0, "maximum": note.high, "multipleOf": note.step}
        elif isinstance(note, AtLeast):
            found["minItems"] = note.count
        elif isinstance(note, AtMost):
            found["maxItems"] = note.count
        elif isinstance(note, HexDigits):
            found["pattern"] = f"^[0-9A-Fa-f]{{{note.count}}}$"
        elif isinstance(note, Exactly):
            found |= {"minItems": note.count, "maxItems": note.count}
        elif isinstance(note, Pattern):
            found["pattern"] = f"^{note.regex}$"
        elif note is distinct:
            found["uniqueItems"] = True
    return found


def _object(cls: Any, *, strict: bool) -> Schema:
    members = members_of(cls)
    made: Schema = {
        "type": "object",
        "properties": {each.name: _described(each, strict=strict) for each in members},
    }
    if required := [each.name for each in members if each.required]:
        made["required"] = required
    if not is_open(cls) and (strict or not is_result(cls)):
        made["additionalProperties"] = False
    return made


def _described(member: Member, *, strict: bool) -> Schema:
    made = schema(member.type, strict=strict)
    unit = f"({member.unit})" if member.unit else ""
    if about := " ".join(part for part in (member.about, unit) if part):
        made["description"] = about
    if not member.required and member.default is not None:
        default = member.default
        made["default"] = list(default) if isinstance(default, tuple) else default
    return made


def request(row: Row) -> Schema:
    """The whole request."""
    data: Schema = {"msgId": _MSG_ID}
    for extra in sorted(row.extras, key=lambda extra: extra.value):
        data[extra.value] = EXTRAS[extra]
    required = ["msgId"]
    if row.parameters is not None:
        data["req"] = schema(row.parameters)
        required.append("req")
    data["returnVerbose"] = _VERBOSE
    closed: Schema = {"additionalProperties": False} if row.closed else {}
    version: Schema = {} if row.closed else {"ver": {"enum": ["1.0.0", "1.0", "1"]}}
    body = {"type": "object", "properties": data, "required": required} | closed
    return {
        "type": "object",
        "properties": {"mType": {"const": row.mtype}, **version, "data": body},
        "required": ["mType", "data"],
    } | closed


def answer(row: Row, *, strict: bool = False) -> Schema:
    """Any answer to the request, verbose or not, good or bad."""
    rsp = None if row.result is None else schema(row.result, strict=strict)
    if attrs.has(row.result) and rsp is not None:
        rsp["required"] = list(rsp["properties"])
    if rsp is not None and row.family.annotated:
        metadata = {"type": ["object", "null"], "description": "metadata of the device, if wanted"}
        rsp["properties"] = {**rsp["properties"], "metaData": metadata}
    extras = row.extras
    data = _answer_data(rsp, row.family.style, extras, with_raw=row.lane is Lane.NETWORK)
    # An answer in between, which tells how far it is, has no `rsp`.
    always = row.always_has_result and Extra.PROGRESS not in extras
    required = ["msgId", *(["rsp"] if always else []), "status"]
    return _message(row.mtype, data, _required(required, row.family.style), strict=strict)


def unasked(each: Unasked, *, strict: bool = False) -> Schema:
    """A message that only the gateway sends."""
    if each.data is not None:
        return _whole(each.mtype, schema(each.data, strict=strict), strict=strict)
    data = _answer_data(schema(each.rsp, strict=strict), each.style, frozenset(), with_raw=False)
    required = _required(["msgId", "rsp", "status"], each.style)
    return _message(each.mtype, data, required, strict=strict)


def message_error(*, strict: bool = False) -> Schema:
    """The answer to what is no request that can be carried out."""
    return _whole(MESSAGE_ERROR, schema(ErrorData, strict=strict), strict=strict)


def authentication(*, strict: bool = False) -> Mapping[str, Schema]:
    """The client's first message, and the two answers to it."""
    return {
        "auth": schema(auth.Auth, strict=True),
        "auth_success": schema(auth.Success, strict=strict),
        "auth_error": schema(auth.Failure, strict=strict),
    }


def _answer_data(
    rsp: Schema | None, style: Style, extras: frozenset[Extra], *, with_raw: bool
) -> Schema:
    data: Schema = {"msgId": _MSG_ID}
    if Extra.TIMEOUT in extras:
        data["timeout"] = {"type": "integer", "description": "as asked for; in verbose answers"}
    if rsp is not None:
        data["rsp"] = rsp
    if style is not Style.SERVICE and with_raw:
        about = "the transactions; in verbose answers"
        data["raw"] = {"type": "array", "items": schema(Record, strict=True), "description": about}
    if Extra.PROGRESS in extras:
        data["progress"] = schema(Progress, strict=True)
    if style is Style.DPA:
        data["errorStr"] = {"type": "string", "description": "the cause of a failure"}
    return data | {"status": _STATUS, "statusStr": _STATUS_STR, "insId": _INS_ID}


def _required(names: list[str], style: Style) -> list[str]:
    return [*names, *([] if style is Style.DPA else ["statusStr"]), "insId"]


def _message(mtype: str, data: Schema, required: list[str], *, strict: bool) -> Schema:
    body: Schema = {"type": "object", "properties": data, "required": required}
    if strict:
        body["additionalProperties"] = False
    return _whole(mtype, body, strict=strict)


def _whole(mtype: str, data: Schema, *, strict: bool) -> Schema:
    made: Schema = {
        "type": "object",
        "properties": {"mType": {"const": mtype}, "data": data},
        "required": ["mType", "data"],
    }
    if strict:
        made["additionalProperties"] = False
    return made
