"""Strict, closed, and exact about where: the rules of reading a request, on classes of our own."""

from typing import Annotated, ClassVar, Literal

import pytest
from attrs import field, frozen

from protocol.api.converter import structure
from protocol.api.errors import InvalidRequestError
from protocol.api.message import Answer, Style, dump
from protocol.strict.checks import AtMost, Multiple, Range, RangeOr, distinct
from protocol.strict.errors import MemberError
from protocol.strict.json import MAX_DEPTH, JsonObject
from protocol.strict.shape import json_name, unstructure


@frozen
class Item:
    number: Annotated[int, Range(1, 9)]
    note: JsonObject | None


@frozen
class Order:
    some_items: Annotated[tuple[Item, ...], AtMost(2)]
    text: str = ""
    flag: bool = False
    ratio: float = 0.5
    word: Literal["a", "b", ""] = ""
    count: Annotated[int, Range(0)] | None = None
    tags: Annotated[tuple[str, ...], distinct] = ()
    poll_s: int = field(default=1, metadata=json_name("poll"))


@frozen
class Loose:
    open_to_extras: ClassVar[bool] = True

    number: int = 0


def refusal(value: object, type_: type = Order) -> str:
    with pytest.raises(InvalidRequestError) as refused:
        structure(value, type_)
    return str(refused.value)


@frozen
class Span:
    first: int
    last: int

    def __attrs_post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("last must not be before first")


def order(**members: object) -> object:
    return {"someItems": [], **members}


GOOD_ITEM = {"number": 1, "note": None}


@pytest.mark.parametrize("value", [1000.0, -0.0, 2.0**62])
def test_a_number_without_a_fraction_is_an_integer(value: float) -> None:
    made = structure(order(poll=value), Order)
    assert (made.poll_s, type(made.poll_s)) == (int(value), int)


@pytest.mark.parametrize("value", [0.5, 2.0**63, 1e300, -1e30])
def test_a_number_that_may_be_any_of_many_integers_is_none(value: float) -> None:
    assert refusal(order(poll=value)) == "poll: must be an integer, not a floating-point number"


def test_all_members() -> None:
    value = {
        "someItems": [GOOD_ITEM, {"number": 9, "note": {"deep": [{}]}}],
        "text": "t",
        "flag": True,
        "ratio": 2.5,
        "word": "b",
        "count": 0,
        "tags": ["x", "y"],
        "poll": 7,
    }
    made = structure(value, Order)
    assert made == Order(
        (Item(1, None), Item(9, {"deep": [{}]})), "t", True, 2.5, "b", 0, ("x", "y"), 7
    )
    assert unstructure(made) == value
    assert list(unstructure(made)) == list(value)


def test_absent_members_have_their_defaults() -> None:
    assert structure(order(), Order) == Order(())


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"text": 5}, "text: must be a string, not an integer"),
        ({"text": None}, "text: must be a string, not null"),
        ({"flag": 1}, "flag: must be a boolean, not an integer"),
        ({"flag": "no"}, "flag: must be a boolean, not a string"),
        ({"poll": True}, "poll: must be an integer, not a boolean"),
        ({"poll": 5.5}, "poll: must be an integer, not a floating-point number"),
        ({"poll": "5"}, "poll: must be an integer, not a string"),
        ({"ratio": "1"}, "ratio: must be a number, not a string"),
        ({"ratio": True}, "ratio: must be a number, not a boolean"),
        ({"word": "c"}, "word: must be one of 'a', 'b', '', not 'c'"),
        ({"word": ["a"]}, "word: must be one of 'a', 'b', '', not an array"),
        ({"count": None}, "count: must be an integer, not null"),
        ({"count": -1}, "count: must be at least 0, not -1"),
        ({"tags": "xy"}, "tags: must be an array, not a string"),
        ({"tags": {"x": 1}}, "tags: must be an array, not an object"),
        ({"tags": ["x", 1]}, "tags[1]: must be a string, not an integer"),
        ({"tags": ["x", "y", "x"]}, "tags: item 2 repeats item 0"),
        ({"poll_s": 1}, "message: unknown member 'poll_s' (known: someItems, text, flag, ratio, "),
        ({"someItems": None}, "someItems: must be an array, not null"),
        ({"someItems": [GOOD_ITEM] * 3}, "someItems: must have at most 2 items, not 3"),
        ({"someItems": [GOOD_ITEM, 1]}, "someItems[1]: must be an object, not an integer"),
        ({"someItems": [{"number": 1}]}, "someItems[0].note: required member is missing"),
        ({"someItems": [{"number": 0, "note": {}}]}, "someItems[0].number: must be at least 1"),
        ({"someItems": [{"number": 10, "note": {}}]}, "someItems[0].number: must be at most 9"),
        ({"someItems": [{"number": 1, "note": []}]}, "someItems[0].note: must be an object, not"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(members: dict[str, object], reason: str) -> None:
    assert refusal(order(**members)).startswith(reason)


def test_an_integer_will_do_for_a_number() -> None:
    assert structure(order(ratio=2), Order).ratio == 2


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_what_is_no_object_at_all(value: object) -> None:
    assert refusal(value).startswith("message: must be an object, not ")


def test_a_missing_member() -> None:
    assert refusal({}) == "someItems: required member is missing"


def test_an_unknown_member_goes_first_for_it_may_be_the_missing_one() -> None:
    assert refusal({"someitems": [], "flag": 5}).startswith("message: unknown member 'someitems'")


def test_a_long_unknown_member_is_cut() -> None:
    assert len(refusal(order(**{"x" * 60_000: 1}))) < 250
    assert len(refusal(order(word="x" * 60_000))) < 250


def test_members_that_are_right_alone_but_not_together() -> None:
    assert structure({"first": 1, "last": 1}, Span) == Span(1, 1)
    assert refusal({"first": 2, "last": 1}, Span) == "message: last must not be before first"


def test_an_open_class_passes_over_what_it_does_not_know() -> None:
    assert structure({"number": 1, "more": {}}, Loose) == Loose(1)
    assert refusal({"number": "1", "more": {}}, Loose).startswith("number: must be an integer")


def test_free_objects_nest_only_so_deep_that_they_can_be_written_again() -> None:
    def nested(levels: int) -> dict[str, object]:
        value: object = {"leaf": 1}
        for level in range(levels - 2):
            value = [value] if level % 2 else {"a": value, "b": []}
        return {"number": 1, "note": {"top": value}}

    deepest = structure(nested(MAX_DEPTH), Item)
    answer = Answer("iqrfDb_GetDevice", "m", {"device": {"metadata": deepest.note}})
    assert dump(answer, Style.SERVICE, verbose=False, ins_id="gw")
    assert refusal(nested(MAX_DEPTH + 1), Item) == "note: must not be nested deeper than 64 levels"


@pytest.mark.parametrize(
    ("limit", "good", "bad"),
    [
        (RangeOr(1, 239, (255,)), (1, 239, 255), (0, 240, 254, 256, -1)),
        (Multiple(16, 112), (0, 16, 112), (-16, 8, 113, 128)),
    ],
)
def test_limits_of_their_own_kind(
    limit: RangeOr | Multiple, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    for value in good:
        limit(value)
    for value in bad:
        with pytest.raises(MemberError, match=f"not {value}$"):
            limit(value)
