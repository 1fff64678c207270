"""What follows from a row: each message read, refused member by member, and failed."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from protocol.api.errors import InvalidRequestError, ServiceError
from protocol.api.family import Row, request_of
from protocol.api.message import dump, parse
from protocol.api.registry import FAMILIES, REGISTRY
from protocol.strict.shape import bare_class
from tests.schemas import complaint_about_answer, complaint_about_request

ROWS = pytest.mark.parametrize("row", REGISTRY.values(), ids=REGISTRY.keys())

_WRONG: tuple[Any, ...] = (None, "\x00", 0.5, True, [None], {"\x00": None}, -(10**9), 10**9)
"""One of these is wrong for any member."""

Path = tuple[str | int, ...]


def request(row: Row, req: Any = None, **data: Any) -> Any:
    """A request with the parameters of the example, or others."""
    if row.parameters is not None:
        data["req"] = deepcopy(row.example) if req is None else req
    return {"mType": row.mtype, "data": {"msgId": "m", **data}}


def asked(row: Row, message: Any) -> Any:
    return request_of(row, parse(json.dumps(message)))


def refusal(row: Row, message: Any) -> str:
    """Why the request is refused; empty for a good one."""
    try:
        asked(row, message)
    except InvalidRequestError as error:
        return str(error)
    return ""


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where in a JSON value there are values."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from paths(item, (*path, key))


def changed(value: Any, path: Path, new: Any) -> Any:
    """`value` with something else at `path`."""
    value = deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return value


def written(path: Path) -> str:
    """A path as the texts of errors have it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


@ROWS
def test_the_example_is_a_good_request(row: Row) -> None:
    message = request(row, returnVerbose=True)
    parameters = asked(row, message)
    assert (
        parameters is None
        if row.parameters is None
        else isinstance(parameters, bare_class(row.parameters))
    )
    assert complaint_about_request(row, message) is None
    assert (row.example is None) is (row.parameters is None)


@ROWS
def test_each_wrong_member_is_named(row: Row) -> None:
    req = row.example or {}
    for path in paths(req):
        named = written(("data", "req", *path))
        messages = [request(row, changed(req, path, wrong)) for wrong in _WRONG]
        refused = [message for message in messages if refusal(row, message)]
        assert all(refusal(row, message).startswith(named) for message in refused)
        assert all(complaint_about_request(row, message) for message in refused)
        assert refused or {"metadata", "message"} & set(path[:-1]), path


@ROWS
def test_a_member_too_many_is_refused_where_messages_are_closed(row: Row) -> None:
    for message in (request(row, extra=1), request(row) | {"extra": 1}):
        if row.closed:
            with pytest.raises(InvalidRequestError, match="unknown member 'extra'"):
                asked(row, message)
        else:
            asked(row, message)
        assert bool(complaint_about_request(row, message)) is row.closed


@ROWS
@pytest.mark.parametrize("verbose", [True, False])
def test_a_failure_is_an_answer_of_the_type(row: Row, verbose: bool) -> None:
    message = parse(json.dumps(request(row)))
    parameters = request_of(row, message)
    answer = row.failure(message, parameters, ServiceError(-1, "why", "cause"))
    text = dump(answer, row.family.style, verbose=verbose, ins_id="gw")
    assert complaint_about_answer(row.mtype, json.loads(text)) is None
    assert row.ends_with(json.loads(text)["data"])


@ROWS
def test_a_row_says_what_it_does(row: Row) -> None:
    assert row.about.endswith(".")
    assert row.transaction is None or row.query is None


def test_each_message_is_of_the_family_whose_prefix_it_has() -> None:
    for family, rows in FAMILIES:
        for row in rows:
            assert row.mtype.startswith(family.prefix)
            assert row.family.prefix == family.prefix
