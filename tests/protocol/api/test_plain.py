"""Both readers of requests come to the same: the one that looks, and the strict one."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.api.errors import RequestError
from protocol.api.family import Row, read_strictly, request_of
from protocol.api.message import Message, parse
from protocol.api.plain import NotPlainError, parameters_in
from protocol.api.registry import REGISTRY, row_of

from .mutations import Mutations
from .test_registry import ROWS, VALUES, document


def said_of(row: Row, message: Message, read: Any) -> object:
    """The parameters, or the refusal."""
    try:
        return read(row, message)
    except RequestError as error:
        return type(error), str(error)


def assert_same(text: str) -> None:
    try:
        message = parse(text)
        row = row_of(message.mtype)
    except RequestError:
        return
    assert said_of(row, message, request_of) == said_of(row, message, read_strictly)


@ROWS
@pytest.mark.parametrize("more", [{}, {"returnVerbose": True}, {"returnVerbose": False}])
def test_a_plain_request_needs_no_strict_reader(row: Row, more: dict[str, object]) -> None:
    value = document(row)
    value["data"] |= more
    if row.parameters is None:
        assert parameters_in(value, None) is None
    else:
        assert parameters_in(value, lambda req: req) == value["data"]["req"]
    assert_same(json.dumps(value))


@pytest.mark.parametrize(
    "changed",
    [
        {"data": 5},
        {"data": {"msgId": 5}},
        {"data": {}},
        {"data": {"msgId": "m", "returnVerbose": None}},
        {"data": {"msgId": "m", "returnVerbose": 1}},
        {"data": {"msgId": "m", "timeout": 1}},
        {"data": {"msgId": "m"}, "ver": "1"},
    ],
)
def test_anything_else_does(changed: dict[str, object]) -> None:
    value = {"mType": "mngDaemon_Version", "data": {"msgId": "m"}} | changed
    with pytest.raises(NotPlainError):
        parameters_in(value, None)


@ROWS
@settings(max_examples=8)
@given(st.data())
def test_whatever_is_changed_both_say_the_same(row: Row, data: st.DataObject) -> None:
    value = document(row)
    place: Any = value
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from([*place, "returnVerbose", "timeout", "ver", "req"]))
        if key in place and data.draw(st.booleans()):
            place = place[key]
        elif key in place and data.draw(st.booleans()):
            del place[key]
        else:
            place[key] = data.draw(st.one_of(st.booleans(), VALUES))
            break
    assert_same(json.dumps(value))


def test_mutated_requests_are_told_the_same_by_both() -> None:
    for _, text in zip(range(3000), Mutations(Random(7), tuple(REGISTRY)), strict=False):
        assert_same(text)
