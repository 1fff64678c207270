"""The text that Prometheus reads (exposition format 0.0.4), from values, without any registry."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Literal

from attrs import field, frozen

from protocol.queue.tallies import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SLICE = 200
"""Lines that are made at once, so that the event loop is never held for the whole text."""

_AT_ONCE = SLICE - 1
"""Samples of a family that are made at once: a slice has room for its head too."""


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

    `bounds` are the upper bounds of the buckets of its histograms, ascending. A `uniform` family
    has only samples with Written labels and with numbers, of which there may be thousands.
    """

    name: str
    kind: Kind
    help: str
    samples: Iterable[tuple[Labels, float | Histogram]]
    bounds: tuple[float, ...] = field(default=())
    uniform: bool = False


def gauge(name: str, text: str, samples: Iterable[tuple[Labels, float]]) -> Family:
    """A value that goes up and down."""
    return Family(name, "gauge", text, samples)


def uniform(name: str, text: str, samples: Iterable[tuple[Written, float]]) -> Family:
    """A gauge of each node or sensor."""
    return Family(name, "gauge", text, samples, uniform=True)


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
        head = _head(family)
        for some in _lines(family):
            if not some:
                continue
            lines.append(head)
            lines += some
            head = ""
            if len(lines) >= _AT_ONCE:
                yield "".join(lines)
                lines.clear()
    if lines:
        yield "".join(lines)


def _lines(family: Family) -> Iterator[list[str]]:
    """The lines of all samples, as many at once as a slice has room for; of a histogram all."""
    name, samples = family.name, iter(family.samples)
    if family.kind == "histogram":
        bounds = [*map(_number, family.bounds), "+Inf"]
        for labels, value in samples:
            assert isinstance(value, Histogram)
            yield _histogram(name, _inside(labels), value, bounds)
        return
    while some := list(islice(samples, _AT_ONCE)):
        if family.uniform:
            yield [f"{name}{{{labels}}} {value:.10g}\n" for labels, value in some]
        else:
            yield [f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in some]


def _head(family: Family) -> str:
    name = family.name
    return f"# HELP {name} {_escaped_help(family.help)}\n# TYPE {name} {family.kind}\n"


def _histogram(name: str, inside: str, value: Histogram, bounds: list[str]) -> list[str]:
    """Buckets are cumulative in the text; the last one, without a bound, holds everything."""
    total, lines = 0, []
    begin = f"{name}_bucket{{{inside},le=" if inside else f"{name}_bucket{{le="
    for bound, count in zip(bounds, value.counts, strict=True):
        total += count
        lines.append(f'{begin}"{bound}"}} {total}\n')
    around = f"{{{inside}}}" if inside else ""
    lines.append(f"{name}_sum{around} {value.total_s:.10g}\n")
    lines.append(f"{name}_count{around} {total}\n")
    return lines


def _labels(labels: Labels) -> str:
    return f"{{{_inside(labels)}}}" if labels else ""


def _inside(labels: Labels) -> str:
    if isinstance(labels, Written):
        return labels
    inside = ",".join([f'{name}="{value}"' for name, value in labels.items()])
    # One look at all of them: nearly no value has to be escaped, and there are thousands.
    if "\\" in inside or "\n" in inside or inside.count('"') != 2 * len(labels):
        inside = ",".join([f'{name}="{escaped(str(each))}"' for name, each in labels.items()])
    return inside


def _number(value: float | Histogram) -> str:
    assert not isinstance(value, Histogram)
    return repr(value) if isinstance(value, int) else f"{value:.10g}"


def escaped(text: str) -> str:
    """The value of a label as it stands in the text."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
