"""A text is one JSON value or an error with a place; nothing else happens."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.api.document import read
from protocol.api.errors import NotJsonError

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
    assert read(text) == value
    assert read(text.encode()) == value


@pytest.mark.parametrize("text", ["\ufeff{}", b"\xef\xbb\xbf{}", "{}\n", " \t\r\n{} \r\n"])
def test_one_mark_and_blanks_around_are_passed_over(text: str | bytes) -> None:
    assert read(text) == {}


def test_of_a_repeated_key_the_last_counts() -> None:
    assert read('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{", "{} {}", "{}\0", "// c\n{}", "\ufeff\ufeff{}", "NaN", "[1,]", '"\\ud800"'],
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
    for text in ("[" * 60_000, '{"a":' * 12_000, "[" * 30_000 + "]" * 30_000):
        assert offset_of(text) > 0


@given(st.text(st.characters()) | st.binary())
def test_any_text_is_a_value_or_no_json(text: str | bytes) -> None:
    size = len(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    with suppress(NotJsonError):
        read(text)
        return
    assert 0 <= offset_of(text) <= size
