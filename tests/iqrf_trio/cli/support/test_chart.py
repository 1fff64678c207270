from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.cli.support.chart import chart


def test_a_rising_line() -> None:
    lines = chart(range(16), [float(each) for each in range(16)], width=19, height=2)
    assert lines[0] == "15         ▁▂▃▄▅▆▇█"
    assert lines[1] == " 0 ▁▂▃▄▅▆▇█████████"


def test_a_single_value_is_seen() -> None:
    lines = chart([0], [21.5], width=20, height=2)
    assert lines[0] == "21.5"
    assert lines[1].startswith("21.5 ▁")


def test_a_gap_stays_empty() -> None:
    lines = chart([0, 1, 8, 9], [1.0, 1.0, 2.0, 2.0], width=12, height=2)
    assert lines[1] == "1 ▁▁      ██"


@given(
    st.lists(st.tuples(st.integers(0, 2**33), st.floats(-1e9, 1e9)), min_size=1, max_size=60),
    st.integers(0, 200),
    st.integers(2, 20),
)
def test_whatever_the_values_there_are_so_many_lines(
    points: list[tuple[int, float]], width: int, height: int
) -> None:
    points.sort()
    times, values = [at for at, _ in points], [value for _, value in points]
    assert len(chart(times, values, width=width, height=height)) == height + 1
