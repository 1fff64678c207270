"""A series of values as a chart of text."""

from collections.abc import Sequence
from datetime import datetime

_PARTS = " ▁▂▃▄▅▆▇█"
"""A cell, from empty to full."""


def chart(
    times: Sequence[int], values: Sequence[float], *, width: int, height: int = 8
) -> Sequence[str]:
    """Lines of text: the highest value on top, the times of the first and last point below.

    `times` are Unix seconds, ascending; there is at least one. `width` counts the labels too.
    """
    low, high = min(values), max(values)
    labels = [f"{high:.6g}", *[""] * (height - 2), f"{low:.6g}"]
    margin = max(map(len, labels)) + 1
    columns = _columns(times, values, max(width - margin, 1))
    span = (high - low) or 1.0
    # The lowest value still shows one eighth of a cell: nothing at all means that none is kept.
    filled = [
        None if each is None else 1 + round((each - low) / span * (8 * height - 1))
        for each in columns
    ]
    lines = []
    for row in range(height):
        base = 8 * (height - 1 - row)
        cells = [
            " " if eighths is None else _PARTS[min(max(eighths - base, 0), 8)] for eighths in filled
        ]
        lines.append(f"{labels[row]:>{margin - 1}} {''.join(cells)}".rstrip())
    first, last = map(_clock, (times[0], times[-1]))
    space = max(len(columns) - len(first) - len(last), 1)
    lines.append(" " * margin + first + " " * space + last)
    return lines


def _clock(at: int) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%F %H:%M}"


def _columns(times: Sequence[int], values: Sequence[float], count: int) -> Sequence[float | None]:
    """The mean of the values that fall into each column; None for a column without any."""
    start, span = times[0], (times[-1] - times[0]) or 1
    sums, counts = [0.0] * count, [0] * count
    for at, value in zip(times, values, strict=True):
        place = min((at - start) * count // span, count - 1)
        sums[place] += value
        counts[place] += 1
    return [total / number if number else None for total, number in zip(sums, counts, strict=True)]
