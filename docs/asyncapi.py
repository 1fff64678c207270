"""The AsyncAPI 3 document: requests as JSON Schemas of their classes, answers as envelopes."""

import json
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from docs.api_reference import Recording
from iqrf_trio import __version__
from protocol.api.family import Extra, Row
from protocol.api.members import AtMost, Range, distinct
from protocol.api.registry import REGISTRY

_SIMPLE: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


def schema(wanted: Any) -> dict[str, Any]:
    """The JSON Schema of a type of the API's classes."""
    if wanted in _SIMPLE:
        return dict(_SIMPLE[wanted])
    return _object(wanted) if attrs.has(wanted) else _generic(wanted)


def _generic(wanted: Any) -> dict[str, Any]:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return schema(arguments[0]) | _limits(arguments[1:])
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in {Union, types.UnionType}:
        return {"anyOf": [schema(each) for each in arguments]}
    if origin in {tuple, list, frozenset}:
        return {"type": "array", "items": schema(arguments[0])}
    return {"type": "object"}


def _limits(checks: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for check in checks:
        if isinstance(check, Range):
            limits = {"minimum": check.low, "maximum": check.high}
            found |= {name: value for name, value in limits.items() if value is not None}
        elif isinstance(check, AtMost):
            found["maxItems"] = check.count
        elif check is distinct:
            found["uniqueItems"] = True
    return found


def _object(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    members, required = {}, []
    for each in attrs.fields(cls):
        name = each.metadata.get("json_name", _camel(each.name))
        wanted = hints[each.name]
        if each.default is attrs.NOTHING:
            required.append(name)
        elif each.default is None:
            # What may be absent may not be null.
            kinds = [kind for kind in get_args(wanted) if kind is not type(None)]
            wanted = kinds[0] if len(kinds) == 1 else wanted
        members[name] = schema(wanted)
    made: dict[str, Any] = {"type": "object", "properties": members}
    if required:
        made["required"] = required
    if not getattr(cls, "open_to_extras", False):
        made["additionalProperties"] = False
    return made


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def request_schema(entry: Row) -> dict[str, Any]:
    """The JSON Schema of a whole request."""
    data: dict[str, Any] = {
        "msgId": {"type": "string"},
        "returnVerbose": {"type": "boolean"},
    }
    required = ["msgId"]
    if entry.parameters is not None:
        data["req"] = schema(entry.parameters)
        required.append("req")
    if Extra.TIMEOUT in entry.family.extras:
        data["timeout"] = {"type": "integer"}
    return {
        "type": "object",
        "properties": {
            "mType": {"const": entry.mtype},
            "data": {"type": "object", "properties": data, "required": required},
        },
        "required": ["mType", "data"],
    }


ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mType": {"type": "string"},
        "data": {
            "type": "object",
            "properties": {
                "msgId": {"type": "string"},
                "rsp": {"type": "object"},
                "status": {"type": "integer"},
                "statusStr": {"type": "string"},
                "insId": {"type": "string"},
            },
            "required": ["msgId", "status"],
        },
    },
    "required": ["mType", "data"],
}
"""What all answers have in common."""


def document(recording: Recording) -> str:
    """The whole document as JSON, with the recorded messages for examples."""
    messages: dict[str, Any] = {}
    for recorded in sorted(recording.asked, key=lambda recorded: recorded.mtype):
        entry = REGISTRY[recorded.mtype]
        messages[recorded.mtype] = {
            "name": recorded.mtype,
            "summary": entry.about,
            "payload": request_schema(entry),
            "examples": [{"payload": recorded.request}],
        }
    messages["answer"] = {"name": "answer", "payload": ANSWER}
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    channel = "#/channels/gateway"
    made = {
        "asyncapi": "3.0.0",
        "info": {"title": "iqrf-trio", "version": __version__},
        "servers": {"local": {"host": "127.0.0.1:1338", "protocol": "ws"}},
        "channels": {"gateway": {"address": "/", "messages": references}},
        "operations": {
            "ask": {
                "action": "receive",
                "channel": {"$ref": channel},
                "messages": [
                    {"$ref": f"{channel}/messages/{name}"} for name in messages if name != "answer"
                ],
                "reply": {
                    "channel": {"$ref": channel},
                    "messages": [{"$ref": f"{channel}/messages/answer"}],
                },
            }
        },
        "components": {"messages": messages},
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
