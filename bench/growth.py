"""How a cost grows with the work, and whether it grows faster than the work does."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from bench.rows import Mark, Row, number

MARGIN = 1.5
"""So many times its share of the step before may a unit cost; clocks are no better than that."""

_FINER = {"MB": "kB", "ms": "µs"}
"""The unit for what one of many costs: a thousandth."""


@frozen
class Point:
    """What so many units cost altogether."""

    units: int
    cost: float


@frozen
class Series:
    """One cost at growing numbers of a unit.

    `base` is what there is without any, and `noise` by how much two measurements of the same
    may differ, both in the unit of the cost.
    """

    name: str
    unit: str
    per: str
    points: Sequence[Point]
    noise: float
    base: float = 0.0

    def each(self, place: int) -> float:
        """What one unit costs there."""
        point = self.points[place]
        return (point.cost - self.base) / point.units

    def growth(self, place: int) -> float | None:
        """What a unit costs there, relative to the point before: above 1 is more than linear.

        None where noise would decide.
        """
        if not place or self.points[place - 1].cost - self.base <= 2 * self.noise:
            return None
        return self.each(place) / self.each(place - 1)

    def bound(self) -> Mark:
        """The most that the last may cost for the growth to count as linear."""
        units, before = self.points[-1].units, self.points[-2]
        dearest = (max(before.cost - self.base, 0.0) + self.noise) / before.units
        return Mark(self.base + MARGIN * dearest * units, at_least=False)

    def rows(self) -> Iterator[Row]:
        """Each point; the mark is on the last."""
        end = len(self.points) - 1
        for place, point in enumerate(self.points):
            growth = self.growth(place)
            each = 1000 * self.each(place)
            clear = point.cost - self.base > self.noise
            yield Row(
                f"{self.name}, {point.units} {self.per}{'s' * (point.units > 1)}",
                point.cost,
                self.unit,
                growth,
                "" if growth is None else "growth",
                self.bound() if place == end else None,
                f"{number(each)} {_FINER[self.unit]} per {self.per}" if clear else "",
            )
