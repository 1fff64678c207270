"""The metrics of the gateway, as families of samples made from values of one moment.

Names follow the conventions of Prometheus: base units, `_total` for counters, names of devices in
info metrics only, so that renaming a device starts no new series. How many series there are is
bounded by the network: about eight for each node.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from attrs import frozen

from protocol.dpa.counters import Count, Counters
from protocol.network.network import Device, Network
from protocol.outward.exposition import (
    Family,
    Written,
    counter,
    escaped,
    flag,
    gauge,
    histogram,
    uniform,
)
from protocol.outward.mqtt.outbox import Kind, Outbox
from protocol.queue.tallies import BUCKETS_S, Fate, Histogram, Series, Statistics
from protocol.readings.latest import CYCLE_BUCKETS_S, Latest
from protocol.readings.measured import NO_MID
from protocol.readings.states import States
from protocol.standard.presentation import PRESENTATIONS

LAG_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Upper bounds of how late the event loop came to a task that was due, in seconds."""

_TRANSACTIONS = (Count.UNICAST, Count.BROADCAST, Count.FRC, Count.DISCOVERY, Count.LOCAL)
_FRAMES = (Count.LATE, Count.UNEXPECTED, Count.GARBAGE, Count.ASYNCHRONOUS)


@frozen
class Process:
    """What the system knows of the process; times in seconds, sizes in bytes."""

    start_time: float
    resident_memory: int
    cpu_seconds: float
    open_fds: int
    written_bytes: int | None = None


@frozen
class State:
    """What the gateway does at this moment."""

    coordinator_ready: bool
    service_mode: bool
    enumerating: bool
    reading: bool
    on_air: bool
    network_queue: int
    management_queue: int


def program(version: str, python: str, process: Process) -> Iterator[Family]:
    """The program and its process."""
    yield gauge("iqrf_build_info", "Version.", [({"version": version, "python": python}, 1)])
    yield gauge(
        "process_start_time_seconds",
        "When the process began, in seconds since 1970.",
        [({}, process.start_time)],
    )
    yield gauge("process_resident_memory_bytes", "Memory in use.", [({}, process.resident_memory)])
    yield counter(
        "process_cpu_seconds_total", "Processor time, user and system.", [({}, process.cpu_seconds)]
    )
    yield gauge("process_open_fds", "Open file descriptors.", [({}, process.open_fds)])
    if process.written_bytes is not None:
        yield counter(
            "process_io_write_bytes_total",
            "Bytes written to the storage.",
            [({}, process.written_bytes)],
        )


def requests(statistics: Statistics, refused: Mapping[int, int], dropped: int) -> Iterator[Family]:
    """What became of requests and of the steps of the gateway's own work."""
    yield counter(
        "iqrf_requests_accepted_total",
        "Requests and steps that were accepted.",
        [(_series(series), figures.accepted) for series, figures in statistics.items()],
    )
    yield counter(
        "iqrf_requests_finished_total",
        "Requests and steps by what became of them.",
        [
            ({**_series(series), "fate": fate.value}, figures.fates.get(fate, 0))
            for series, figures in statistics.items()
            for fate in Fate
        ],
    )
    yield histogram(
        "iqrf_request_wait_seconds",
        "How long requests and steps waited for their turn.",
        BUCKETS_S,
        [(_series(series), figures.waited) for series, figures in statistics.items()],
    )
    yield histogram(
        "iqrf_request_run_seconds",
        "How long requests and steps ran.",
        BUCKETS_S,
        [(_series(series), figures.ran) for series, figures in statistics.items()],
    )
    yield counter(
        "iqrf_requests_refused_total",
        "Requests answered by a messageError, by its status.",
        [({"status": status}, count) for status, count in sorted(refused.items())],
    )
    yield counter(
        "iqrf_answers_dropped_total", "Answers to clients that were gone.", [({}, dropped)]
    )


def _series(series: Series) -> Mapping[str, str | int]:
    return {
        "lane": series.lane.name.lower(),
        "kind": series.kind.name.lower(),
        "priority": series.priority.name.lower(),
    }


def radio(counters: Counters) -> Iterator[Family]:
    """The traffic with the coordinator."""
    yield counter(
        "iqrf_radio_transactions_total",
        "DPA transactions.",
        [({"kind": kind.value}, counters[kind]) for kind in _TRANSACTIONS],
    )
    yield counter(
        "iqrf_radio_timeouts_total",
        "Transactions without an answer.",
        [({}, counters[Count.TIMEOUT])],
    )
    yield counter(
        "iqrf_radio_frames_total",
        "Frames that belonged to no transaction under way.",
        [({"kind": kind.value}, counters[kind]) for kind in _FRAMES],
    )
    yield counter(
        "iqrf_port_openings_total", "How often the port was opened.", [({}, counters[Count.OPENED])]
    )
    yield counter(
        "iqrf_port_resets_total", "How often the module was reset.", [({}, counters[Count.RESET])]
    )


def state(now: State) -> Iterator[Family]:
    """What the gateway does."""
    yield flag("iqrf_coordinator_ready", "Whether the coordinator answers.", now.coordinator_ready)
    yield flag("iqrf_service_mode", "Whether the gateway is in service mode.", now.service_mode)
    yield flag("iqrf_enumerating", "Whether an enumeration is under way.", now.enumerating)
    yield flag("iqrf_reading", "Whether a cycle of readings is under way.", now.reading)
    yield flag("iqrf_on_air", "Whether a request has the radio.", now.on_air)
    yield gauge(
        "iqrf_queue_length",
        "Requests that wait or run.",
        [({"lane": "network"}, now.network_queue), ({"lane": "management"}, now.management_queue)],
    )


def network(known: Network, latest: Latest, at: datetime, stale_s: float) -> Iterator[Family]:
    """The nodes and their values; values older than `stale_s` seconds at `at` are left out."""
    nodes = known.nodes
    yield gauge(
        "iqrf_nodes",
        "Nodes of the network.",
        [
            ({"state": "bonded"}, len(nodes)),
            ({"state": "responding"}, sum(node.responding for node in nodes)),
            ({"state": "discovered"}, sum(node.discovered for node in nodes)),
        ],
    )
    named = [node for node in nodes if node.mid not in NO_MID]
    yield uniform("iqrf_node_info", "Who a node is.", ((_info(node), 1) for node in named))
    labelled = [(f'mid="{mid(node)}"', node) for node in named]
    yield from _node_states(labelled, latest)
    yield from _sensors(labelled, at, stale_s)


def _info(node: Device) -> Written:
    product = node.product
    hwpid = f"{product.identity.hwpid:04x}" if product else ""
    called = escaped((product and product.name) or "")
    parent = "" if node.parent is None else node.parent
    return Written(
        f'mid="{node.mid:08x}",address="{node.address}",name="{escaped(name(node))}",'
        f'product="{called}",hwpid="{hwpid}",zone="{node.zone}",parent="{parent}"'
    )


_Labelled = Iterable[tuple[str, Device]]
"""Nodes with the label that all their samples begin with."""


def _node_states(nodes: _Labelled, latest: Latest) -> Iterator[Family]:
    heard = [
        (Written(label), state)
        for label, node in nodes
        if (state := latest.nodes.get(node.mid)) is not None
    ]
    yield uniform(
        "iqrf_node_rssi_dbm",
        "How strongly the node's last packet was heard.",
        ((labels, each.rssi) for labels, each in heard if each.rssi is not None),
    )
    yield uniform(
        "iqrf_node_supply_volts",
        "Supply voltage of the node.",
        ((labels, each.supply) for labels, each in heard if each.supply is not None),
    )
    yield uniform(
        "iqrf_node_last_reading_timestamp_seconds",
        "When the node was last heard, in seconds since 1970.",
        (
            (labels, each.heard_at.timestamp())
            for labels, each in heard
            if each.heard_at is not None
        ),
    )


def states(known: Network, states_of: Callable[[Device], States]) -> Iterator[Family]:
    """Outputs and lights as they were last set or read; what is not known is left out."""
    told = [(mid(node), states_of(node)) for node in known.nodes if node.mid not in NO_MID]
    yield uniform(
        "iqrf_output_on",
        "Whether a binary output is on.",
        (
            (Written(f'mid="{number}",output="{index}"'), int(on))
            for number, each in told
            for index, on in sorted(each.outputs.items())
        ),
    )
    yield uniform(
        "iqrf_light_brightness_ratio",
        "Brightness of a light, 0 to 1.",
        (
            (Written(f'mid="{number}"'), each.light.brightness / 100)
            for number, each in told
            if each.light is not None
        ),
    )


def _sensors(nodes: _Labelled, at: datetime, stale_s: float) -> Iterator[Family]:
    """One family for each metric name: several quantities may share one."""
    oldest = at - timedelta(seconds=stale_s)
    families: dict[str, list[tuple[Written, float]]] = {}
    for label, node in nodes:
        for sensor in node.sensors:
            shown, value, updated = PRESENTATIONS.get(sensor.type), sensor.value, sensor.updated
            if shown is None or not shown.metric or updated is None or updated < oldest:
                continue
            if isinstance(value, int | float):
                labels = Written(f'{label},sensor="{sensor.index}",type="{sensor.type}"')
                families.setdefault(shown.metric, []).append((labels, value * shown.factor))
    for metric in sorted(families):
        yield uniform(f"iqrf_sensor_{metric}", "Latest value of a sensor.", families[metric])


def cycles(latest: Latest) -> Iterator[Family]:
    """The cycles of readings."""
    yield counter(
        "iqrf_reading_cycles_total",
        "Cycles of readings.",
        [
            ({"outcome": outcome}, latest.outcomes[outcome])
            for outcome in ("complete", "partial", "failed")
        ],
    )
    yield histogram(
        "iqrf_reading_duration_seconds",
        "How long a cycle of readings took.",
        CYCLE_BUCKETS_S,
        [({}, latest.durations)],
    )


def clients(
    authenticated: int,
    unauthenticated: int,
    failures: Mapping[int, int],
    ended: Mapping[int, int],
) -> Iterator[Family]:
    """Sessions; failures of authentication by code, ended sessions by close code."""
    yield gauge(
        "iqrf_sessions",
        "Connections of clients.",
        [
            ({"state": "authenticated"}, authenticated),
            ({"state": "unauthenticated"}, unauthenticated),
        ],
    )
    yield counter(
        "iqrf_auth_failures_total",
        "Failed authentications by their code.",
        [({"code": code}, count) for code, count in sorted(failures.items())],
    )
    yield counter(
        "iqrf_sessions_ended_total",
        "Sessions that are over, by close code.",
        [({"reason": code}, count) for code, count in sorted(ended.items())],
    )


def loop(lag: Histogram) -> Iterator[Family]:
    """How late the event loop is."""
    yield histogram(
        "iqrf_event_loop_lag_seconds",
        "How late the event loop came to a task that was due.",
        LAG_BUCKETS_S,
        [({}, lag)],
    )


def mqtt(outbox: Outbox, connections: int, refused: int) -> Iterator[Family]:
    """The link to the broker, and what waits for it."""
    yield flag("iqrf_mqtt_up", "Whether a broker is connected.", outbox.open)
    yield counter("iqrf_mqtt_connections_total", "Connections to it.", [({}, connections)])
    yield counter("iqrf_mqtt_refused_total", "Messages from it without room.", [({}, refused)])
    yield gauge(
        "iqrf_mqtt_waiting",
        "Messages that wait for it.",
        [({"kind": kind.value}, outbox.waiting(kind)) for kind in Kind],
    )
    yield counter(
        "iqrf_mqtt_published_total",
        "Messages that it has acknowledged.",
        [({"kind": kind.value}, outbox.published[kind]) for kind in Kind],
    )
    yield counter(
        "iqrf_mqtt_dropped_total",
        "Messages that were dropped, because too many waited or it was away.",
        [({"kind": kind.value}, outbox.dropped[kind]) for kind in Kind],
    )


def mid(node: Device) -> str:
    """The MID as a label: 8 lower hexadecimal digits."""
    return f"{node.mid:08x}"


def name(node: Device) -> str:
    """The name that people gave the node, in its metadata; empty for none."""
    given = (node.metadata or {}).get("name")
    return given if isinstance(given, str) else ""
