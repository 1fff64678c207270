import pytest

from bench.rows import Mark, Row, line, number, plain


@pytest.mark.parametrize(
    ("value", "mark", "verdict"),
    [
        (1.0, None, ""),
        (2850.0, Mark(2850), "≥ 2,850, met"),
        (2280.0, Mark(2850), "≥ 2,850, missed by 20 %"),
        (1.05, Mark(1.05, at_least=False), "≤ 1.05, met"),
        (3.13, Mark(1.05, at_least=False), "≤ 1.05, missed by 198 %"),
        (5.01, Mark(5, at_least=False), "≤ 5, missed by 0.2 %"),
        (0, Mark(0, at_least=False), "≤ 0, met"),
        (3, Mark(0, at_least=False), "≤ 0, missed"),
    ],
)
def test_the_verdict_says_by_how_much_a_mark_is_missed(
    value: float, mark: Mark | None, verdict: str
) -> None:
    row = Row("requests", value, "/s", mark=mark)
    assert row.verdict == verdict
    assert row.missed == ("missed" in verdict)
    assert plain(row)["missed"] == row.missed


def test_a_line_has_what_there_is_of_a_row() -> None:
    assert line(Row("echo", 8321.7, "/s")).split() == ["echo", "8,322", "/s"]
    row = Row("ours", 0.5, "ms", 3.872, "of echo", Mark(1), "slow today")
    for part in ("ours", "0.5 ms", "3.87 of echo", "≥ 1, missed by 50 %", "slow today"):
        assert part in line(row)


def test_numbers_have_three_digits_that_count() -> None:
    assert [number(value) for value in (8321.7, 99.96, 1.2345, 0.00042, -150, 0)] == [
        "8,322",
        "100",
        "1.23",
        "0.00042",
        "-150",
        "0",
    ]
