"""The members of a class in words, for documents and for the help of commands."""

import json
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from protocol.api.schemas import Schema, schema


@frozen
class MemberWords:
    """One member as people are told of it.

    `path` names it from the object on (`devices[].address`); `default` is JSON, empty where there
    is none.
    """

    path: str
    required: bool
    type: str
    default: str
    about: str


def members_in_words(cls: Any) -> tuple[MemberWords, ...]:
    """The members of an object, each followed by those within it."""
    return tuple(dict.fromkeys(_members(schema(cls), "")))


def _members(of: Schema, path: str) -> Iterator[MemberWords]:
    for each in of.get("anyOf", [of]):
        for name, member in each.get("properties", {}).items():
            yield MemberWords(
                path=f"{path}{name}",
                required=name in each.get("required", ()),
                type=_type(member),
                default=json.dumps(member["default"]) if "default" in member else "",
                about=member.get("description", ""),
            )
            yield from _members(*_within(member, f"{path}{name}"))


def _within(member: Schema, path: str) -> tuple[Schema, str]:
    """The objects in a member, and the path to their members."""
    if "items" in member:
        return _within(member["items"], f"{path}[]")
    objects = [each for each in member.get("anyOf", ()) if "properties" in each]
    return ({"anyOf": objects} if objects else member), f"{path}."


def _type(of: Schema) -> str:
    if "anyOf" in of:
        return " or ".join(dict.fromkeys(map(_type, of["anyOf"])))
    if "enum" in of:
        return " or ".join(map(json.dumps, of["enum"]))
    kind = of["type"]
    return " or ".join(kind) if isinstance(kind, list) else f"{kind}{_limits(of)}"


def _limits(of: Schema) -> str:
    if of["type"] == "array":
        most = f"at most {of['maxItems']} × " if "maxItems" in of else ""
        return f" of {most}{_type(of['items'])}{', all different' if 'uniqueItems' in of else ''}"
    low, high = of.get("minimum"), of.get("maximum")
    if low is not None and high is not None:
        step = f", a multiple of {of['multipleOf']}" if "multipleOf" in of else ""
        return f" {low} to {high}{step}"
    if low is not None:
        return f" from {low}"
    return f" up to {high}" if high is not None else ""
