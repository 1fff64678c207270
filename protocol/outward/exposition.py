"""The text that Prometheus reads (exposition format 0.0.4), from values, without any registry."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from attrs import field, frozen

from protocol.queue.tallies import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SLICE = 200
"""Lines that are made at once, so that the event loop is never held for the whole text."""


class Written(str):
    """Labels as they stand in the text, of values in which nothing has to be escaped.

    For the thousands that only hold numbers: to write them from a mapping takes twice as long.
    """

    __slots__ = ()


Labels = Mapping[str, str | int] | Written
Kind = Literal["gauge", "counter", "histogram"]


@frozen
class Family:
    """One metric with all its samples: labels and value, or a histogram instead of the value.

    `bounds` are the upper bounds of the buckets of its histograms, ascending.
    """

    name: str
    kind: Kind
    help: str
    samples: Iterable[tuple[Labels, float | Histogram]]
    bounds: tuple[float, ...] = field(default=())


def gauge(name: str, text: str, samples: Iterable[tuple[Labels, float]]) -> Family:
    """A value that goes up and down."""
    return Family(name, "gauge", text, samples)


def counter(name: str, text: str, samples: Iterable[tuple[Labels, float]]) -> Family:
    """A value that only grows; its name ends in _total."""
    return Family(name, "counter", text, samples)


def histogram(
    name: str, text: str, bounds: tuple[float, ...], samples: Iterable[tuple[Labels, Histogram]]
) -> Family:
    """Durations in buckets."""
    return Family(name, "histogram", text, samples, bounds)


def flag(name: str, text: str, value: bool) -> Family:
    """A gauge that is 0 or 1."""
    return gauge(name, text, [({}, int(value))])


def render(families: Iterable[Family]) -> Iterator[str]:
    """The text in pieces of about SLICE lines; families without samples are left out."""
    lines: list[str] = []
    for family in families:
        name, headed = family.name, False
        for labels, value in family.samples:
            if not headed:
                headed = True
                lines.append(_head(family))
            if isinstance(labels, Written) and isinstance(value, float):
                lines.append(f"{name}{{{labels}}} {value:.10g}\n")  # as below, without calls
            elif isinstance(value, Histogram):
                lines.append(_histogram(name, labels, value, family.bounds))
            else:
                lines.append(f"{name}{_labels(labels)} {_number(value)}\n")
            if len(lines) >= SLICE:
                yield "".join(lines)
                lines.clear()
    if lines:
        yield "".join(lines)


def _head(family: Family) -> str:
    name = family.name
    return f"# HELP {name} {_escaped_help(family.help)}\n# TYPE {name} {family.kind}\n"


def _histogram(name: str, labels: Labels, value: Histogram, bounds: tuple[float, ...]) -> str:
    """Buckets are cumulative in the text; the last one, without a bound, holds everything."""
    total, lines = 0, []
    assert not isinstance(labels, Written)
    for bound, count in zip((*map(_number, bounds), "+Inf"), value.counts, strict=True):
        total += count
        lines.append(f"{name}_bucket{_labels({**labels, 'le': bound})} {total}\n")
    lines.append(f"{name}_sum{_labels(labels)} {_number(value.total_s)}\n")
    lines.append(f"{name}_count{_labels(labels)} {total}\n")
    return "".join(lines)


def _labels(labels: Labels) -> str:
    if isinstance(labels, Written):
        return f"{{{labels}}}"
    if not labels:
        return ""
    inside = ",".join([f'{name}="{value}"' for name, value in labels.items()])
    # One look at all of them: nearly no value has to be escaped, and there are thousands.
    if "\\" in inside or "\n" in inside or inside.count('"') != 2 * len(labels):
        inside = ",".join([f'{name}="{_escaped(str(each))}"' for name, each in labels.items()])
    return f"{{{inside}}}"


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) else f"{value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
