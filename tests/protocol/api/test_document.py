"""A text is one JSON value or an error with a place; nothing else happens."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.api import exact_json
from protocol.api.document import read
from protocol.api.errors import NotJsonError
from protocol.api.exact_json import Document

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def offset_of(text: str | bytes) -> int:
    with pytest.raises(NotJsonError) as failed:
        read(text)
    return failed.value.offset


@given(VALUES)
def test_what_was_written_is_read(value: object) -> None:
    text = json.dumps(value, allow_nan=False)
    assert read(text) == Document(value)
    assert read(text.encode()) == Document(value)
    assert exact_json.read(text) == Document(value)


@pytest.mark.parametrize("text", ["\ufeff{}", b"\xef\xbb\xbf{}", "{}\n", " \t\r\n{} \r\n"])
def test_one_mark_and_blanks_around_are_passed_over(text: str | bytes) -> None:
    assert read(text) == Document({})


def test_of_a_repeated_key_the_last_counts() -> None:
    assert read('{"a": 1, "a": 2}') == Document({"a": 2})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "{} {}",
        "{}\0",
        "// c\n{}",
        "\ufeff\ufeff{}",
        "NaN",
        "[1,]",
        '"\\ud80"',
        "01",
    ],
)
def test_anything_else_is_no_json(text: str) -> None:
    assert 0 <= offset_of(text) <= len(text.encode())


def test_offset_is_in_bytes_and_counts_the_mark() -> None:
    assert offset_of('["a",x]') == 5
    assert offset_of('["é",x]') == 6
    assert offset_of('["😀",x]'.encode()) == 8
    assert offset_of('\ufeff["é",x]') == 9


def test_offset_of_what_is_no_utf_8() -> None:
    assert offset_of(b'["a\xff"]') == 3
    assert offset_of("\ud800") == 0


def test_depth_is_no_way_to_exhaust_the_stack() -> None:
    for text in ("[" * 60_000, '{"a":' * 12_000, "[" * 30_000 + "]" * 30_000 + "]"):
        assert offset_of(text) > 0
    deep = read("[" * 30_000 + "]" * 30_000)
    assert deep.problem == "[0]" * 26 + "[0…: nested deeper than 1024 levels"


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ('{"a": [1, "\\ud800"]}', {"a": [1, None]}, "a[1]: a text with half a surrogate pair"),
        ('"\\udc00"', None, "message: a text with half a surrogate pair"),
        ('{"a": {"\\ud800": 1}}', {"a": {}}, "a.?: its name is a text with half a surrogate pair"),
        ('{"a": 1e400, "b": 2}', {"a": None, "b": 2}, "a: a number beyond the range of a double"),
        ("[-1.7976931348623159e308]", [None], "[0]: a number beyond the range of a double"),
        ("18446744073709551616", None, "message: an integer beyond 64 bits"),
        ('{"a":\n-9223372036854775809}', {"a": None}, "a: an integer beyond 64 bits"),
        ("[1, " + "9" * 60_000 + "]", [1, None], "[1]: an integer beyond 64 bits"),
        ('[9e999, "\\ud800"]', [None, None], "[0]: a number beyond the range of a double"),
    ],
)
def test_json_that_cannot_be_represented_is_told_apart_from_no_json(
    text: str, value: object, problem: str
) -> None:
    assert read(text) == Document(value, problem)
    assert read(text.encode()) == Document(value, problem)


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551615",
        "-9223372036854775808",
        "[1234567890123456789012e-3]",
        '[":1234567890123456789012345"]',
        '"\\ud83d\\ude00"',
    ],
)
def test_what_can_be_represented_is_as_it_was(text: str) -> None:
    assert read(text) == Document(json.loads(text))


@given(VALUES, st.data())
def test_both_readers_agree_on_what_is_json(value: object, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(st.sampled_from('[]{},:"0.e-\\ ')) + text[place + 1 :]
    try:
        json.loads(damaged)
    except ValueError:
        assert exact_json.read(damaged) is None
    else:
        assert exact_json.read(damaged) is not None


def test_half_a_pair_is_no_json_where_time_must_not_be_spent() -> None:
    with pytest.raises(NotJsonError):
        read('"\\ud800"', exact=False)


@given(st.text(st.characters()) | st.binary())
def test_any_text_is_a_value_or_no_json(text: str | bytes) -> None:
    size = len(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    with suppress(NotJsonError):
        read(text)
        return
    assert 0 <= offset_of(text) <= size
