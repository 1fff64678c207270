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

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        return f"{number(self.value)} {self.unit}"

    @property
    def compared(self) -> str:
        """The ratio and what it is to; empty where there is none."""
        return f"{self.ratio:.2f} {self.against}" if self.ratio is not None else ""

    @property
    def verdict(self) -> str:
        """The mark, and by how much it is missed; empty where there is none."""
        if self.mark is None:
            return ""
        if not self.missed:
            return f"{self.mark}, met"
        if not self.mark.value:
            return f"{self.mark}, missed"
        off = abs(self.value / self.mark.value - 1)
        return f"{self.mark}, missed by {100 * off:.{0 if off >= 0.1 else 1}f} %"


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
    text = f"  {row.name:<46} {row.shown:>15}  {row.compared:<19} {row.verdict:<24} {row.note}"
    return text.rstrip()


def plain(row: Row) -> dict[str, object]:
    """A row as JSON."""
    return asdict(row) | {"missed": row.missed}
