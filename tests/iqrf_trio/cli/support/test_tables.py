"""Tables: aligned, and safe to print whatever the cells hold."""

from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.cli.support.tables import table


def test_texts_to_the_left_numbers_to_the_right() -> None:
    assert table(("name", "value", "on"), [("a", 1, True), ("bcdefg", None, None)]) == (
        "name    value  on\na           1  yes\nbcdefg      -  -"
    )


def test_a_table_without_rows_is_its_head() -> None:
    assert table(("a", "b"), []) == "a  b"


@given(st.lists(st.tuples(st.text(), st.text() | st.floats() | st.none()), max_size=5))
def test_every_row_is_one_printable_line(rows: list[tuple[object, ...]]) -> None:
    lines = table(("text", "value"), rows).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(line.isprintable() for line in lines)
