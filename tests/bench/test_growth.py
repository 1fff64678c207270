from collections.abc import Callable

import pytest

from bench.growth import Point, Series
from bench.scale import NODES, SESSIONS


def series(cost: Callable[[int], float], units: tuple[int, ...] = NODES) -> Series:
    points = [Point(count, cost(count)) for count in units]
    return Series("memory", "MB", "node", points, noise=0.01, base=cost(0))


def missed(costs: Series) -> list[bool]:
    return [row.missed for row in costs.rows()]


@pytest.mark.parametrize("units", [NODES, SESSIONS])
def test_linear_growth_meets_its_mark(units: tuple[int, ...]) -> None:
    costs = series(lambda count: 40 + 0.05 * count, units)
    assert not any(missed(costs))
    assert costs.growth(3) == pytest.approx(1)
    assert costs.each(3) == pytest.approx(0.05)


@pytest.mark.parametrize("units", [NODES, SESSIONS])
@pytest.mark.parametrize("exponent", [1.5, 2, 3])
def test_a_cost_that_grows_faster_misses_it_at_the_last_point(
    units: tuple[int, ...], exponent: float
) -> None:
    costs = series(lambda count: 40 + 0.05 * count**exponent, units)
    assert missed(costs) == [False, False, False, True]
    growth = costs.growth(3)
    assert growth is not None
    assert growth > 1.5


def test_a_cost_that_does_not_grow_meets_it() -> None:
    assert not any(missed(series(lambda _: 40.0)))


def test_noise_alone_decides_nothing() -> None:
    points = [Point(1, 40.0), Point(10, 40.009), Point(50, 40.0), Point(239, 40.01)]
    costs = Series("memory", "MB", "node", points, noise=0.01, base=40.0)
    assert not any(missed(costs))
    assert [costs.growth(place) for place in range(4)] == [None] * 4


def test_the_rows_say_what_one_of_many_costs() -> None:
    rows = list(series(lambda count: 40 + 0.05 * count).rows())
    assert [row.name for row in rows] == [
        "memory, 1 node",
        "memory, 10 nodes",
        "memory, 50 nodes",
        "memory, 239 nodes",
    ]
    assert [row.note for row in rows] == ["50 kB per node"] * 4
    assert [row.mark is None for row in rows] == [True, True, True, False]
    assert rows[3].against == "growth"
