"""A measured figure, the mark it is held against, and how a table of them looks."""

from collections.abc import Callable, Iterable

from attrs import asdict, field, frozen


@frozen
class Mark:
    """What a figure should reach: at least or at most so much."""

    value: float
    at_least: bool = True

    def met(self, value: float) -> bool:
        """Whether `value` is good enough."""
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self) -> str:
        """For the table."""
        return f"{'≥' if self.at_least else '≤'} {number(self.value)}"


@frozen
class Row:
    """One figure. `ratio` is what is compared over time: to echo, or as `against` says."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    mark: Mark | None = None
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a mark, and the figure falls short of it."""
        return self.mark is not None and not self.mark.met(self.value)


@frozen
class Figure:
    """A group of rows and how they are measured."""

    title: str
    measure: Callable[[], Iterable[Row]] = field(repr=False)


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(row: Row) -> str:
    """A row of the table."""
    ratio = f"{row.ratio:.2f} {row.against}" if row.ratio is not None else ""
    mark = "" if row.mark is None else f"{row.mark}{'  MISSED' if row.missed else '  met'}"
    value = f"{number(row.value)} {row.unit}"
    return f"  {row.name:<44} {value:>14}  {ratio:<18} {mark:<18} {row.note}".rstrip()


def plain(row: Row) -> dict[str, object]:
    """A row as JSON."""
    return asdict(row) | {"missed": row.missed}
