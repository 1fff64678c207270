"""What a scrape of a large network costs, against the library of Prometheus in the same run."""

import sys
from collections.abc import Callable, Iterator
from types import FrameType

from attrs import evolve
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from protocol.network.network import Network
from protocol.outward.exposition import SLICE, Family, Labels, Written, render
from protocol.queue.tallies import Histogram
from protocol.readings.latest import Latest
from protocol.readings.measured import RSSI, SUPPLY, Measured, Values
from tests.protocol.api.networks import NODE, UPDATED

from .test_metrics import everything

SHARE = 0.25
"""Of the calls that the library makes to render the same samples."""


def large() -> tuple[Network, Latest]:
    """239 nodes with three sensors each, all of which were read."""
    kinds = (1, 3, 4)
    sensor = evolve(NODE.sensors[0], updated=UPDATED, value=21.5)
    nodes, measured = [], []
    for address in range(1, 240):
        mid = 0x81000000 + address
        sensors = tuple(evolve(sensor, index=index, type=kind) for index, kind in enumerate(kinds))
        nodes.append(evolve(NODE, address=address, mid=mid, sensors=sensors))
        measured.append(Measured(mid, RSSI, 0x80, "RSSI", "dBm", -60))
        measured.append(Measured(mid, SUPPLY, None, "Supply voltage", "V", 3.1))
    latest = Latest()
    latest.take_values(Values(UPDATED, tuple(measured)))
    return Network({node.address: node for node in nodes}), latest


def named_labels(labels: Labels) -> dict[str, str]:
    if isinstance(labels, Written):
        pairs = (each.split("=") for each in labels.split(","))
        return {name: value.strip('"') for name, value in pairs}
    return {name: str(each) for name, each in labels.items()}


class TheirCollector(Collector):
    """The same samples as metrics of the library, which a collector makes at each scrape.

    The values are at hand already: finding them, which our figure has in it, costs it nothing.
    """

    def __init__(self, families: list[Family]) -> None:
        self._families = [evolve(each, samples=list(each.samples)) for each in families]

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            metric = Metric(family.name, family.help, family.kind)
            for labels, value in family.samples:
                named = named_labels(labels)
                if isinstance(value, Histogram):
                    total = 0
                    for bound, count in zip((*family.bounds, "+Inf"), value.counts, strict=True):
                        total += count
                        metric.add_sample(
                            f"{family.name}_bucket", {**named, "le": str(bound)}, total
                        )
                    metric.add_sample(f"{family.name}_sum", named, value.total_s)
                    metric.add_sample(f"{family.name}_count", named, total)
                else:
                    metric.add_sample(family.name, named, value)
            yield metric


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C: unlike a time, it is always the same."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_a_scrape_costs_a_quarter_of_the_library() -> None:
    network, latest = large()

    def ours() -> str:
        return "".join(render(everything(latest, network)))

    registry = CollectorRegistry()
    registry.register(TheirCollector(everything(latest, network)))
    theirs = calls(lambda: generate_latest(registry))
    mine = calls(ours)
    count = sum(not line.startswith("#") for line in ours().splitlines())
    parsed = text_string_to_metric_families(ours())
    assert count == sum(len(family.samples) for family in parsed) > 239 * 7
    assert count == sum(
        not line.startswith(b"#") for line in generate_latest(registry).splitlines()
    )
    assert mine <= SHARE * theirs


def test_no_piece_is_longer_than_a_slice() -> None:
    network, latest = large()
    pieces = list(render(everything(latest, network)))
    assert len(pieces) > 5
    for piece in pieces:
        # A head is two lines, and a histogram as many as it has buckets, in one go.
        assert piece.count("\n") <= SLICE * 2
