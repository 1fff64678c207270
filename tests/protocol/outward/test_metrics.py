import re
from datetime import timedelta

from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families

from protocol.dpa.counters import Count, Counters
from protocol.network.network import Network
from protocol.outward import metrics
from protocol.outward.exposition import Family, render
from protocol.queue.lanes import Lane, Priority
from protocol.queue.scheduling import Kind
from protocol.queue.tallies import Durations, Fate, Series, Tally
from protocol.readings.latest import Latest
from protocol.readings.measured import RSSI, SUPPLY, Measured, Values
from protocol.readings.states import UNKNOWN, Light, States
from protocol.standard.presentation import PRESENTATIONS
from tests.protocol.api.networks import NETWORK, NODE, UPDATED

PROCESS = metrics.Process(1.7e9, 40_000_000, 12.5, 11, 4096)
STATE = metrics.State(True, False, True, False, True, 3, 1)


def samples(*families: Family) -> dict[str, float]:
    """Name with labels as the text has them, and the value."""
    text = "".join(render(families))
    assert list(text_string_to_metric_families(text))
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if not line.startswith("#")
    }


def everything(latest: Latest, known: Network = NETWORK) -> list[Family]:
    tally = Tally()
    tally.accept()
    tally.finish(Fate.ANSWERED, 0.02, 0.4)
    series = Series(Lane.NETWORK, next(iter(Kind)), Priority.INTERACTIVE)
    return [
        *metrics.program("0.2.0", "3.11", PROCESS),
        *metrics.requests({series: tally.snapshot()}, {6: 2}, 1),
        *metrics.radio(Counters({Count.UNICAST: 4, Count.LATE: 1})),
        *metrics.state(STATE),
        *metrics.network(known, latest, UPDATED, 1260),
        *metrics.cycles(latest),
        *metrics.clients(3, 1, {2: 7}, {1013: 1}),
        *metrics.loop(Durations(metrics.LAG_BUCKETS_S).snapshot()),
    ]


def test_names_follow_the_conventions() -> None:
    for family in everything(Latest()):
        assert re.fullmatch(r"(iqrf|process)_[a-z0-9_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert family.help.endswith(".")


def test_requests_by_lane_and_fate() -> None:
    read = samples(*everything(Latest()))
    labels = 'lane="network",kind="request",priority="interactive"'
    found = {name: value for name, value in read.items() if name.startswith("iqrf_requests")}
    assert found[f"iqrf_requests_accepted_total{{{labels}}}"] == 1
    assert found[f'iqrf_requests_finished_total{{{labels},fate="answered"}}'] == 1
    assert found['iqrf_requests_refused_total{status="6"}'] == 2
    assert read[f'iqrf_request_wait_seconds_bucket{{{labels},le="0.03"}}'] == 1
    assert read['iqrf_radio_transactions_total{kind="unicast"}'] == 4
    assert read['iqrf_radio_frames_total{kind="late"}'] == 1
    assert read['iqrf_queue_length{lane="network"}'] == 3
    assert read["iqrf_enumerating"] == 1
    assert read['iqrf_auth_failures_total{code="2"}'] == 7
    assert read['iqrf_sessions_ended_total{reason="1013"}'] == 1


def test_nodes_and_their_values() -> None:
    latest = Latest()
    mid = NODE.mid
    latest.take_values(
        Values(
            UPDATED,
            (Measured(mid, RSSI, 133, "", "", -62), Measured(mid, SUPPLY, None, "", "", 2.9)),
        )
    )
    read = samples(*metrics.network(NETWORK, latest, UPDATED, 1260))
    assert read['iqrf_nodes{state="bonded"}'] == 3
    assert read['iqrf_nodes{state="discovered"}'] == 1
    assert read[f'iqrf_node_rssi_dbm{{mid="{mid:08x}"}}'] == -62
    assert read[f'iqrf_node_supply_volts{{mid="{mid:08x}"}}'] == 2.9
    assert read[f'iqrf_node_last_reading_timestamp_seconds{{mid="{mid:08x}"}}'] == float(
        f"{UPDATED.timestamp():.10g}"
    )
    assert (
        read[
            f'iqrf_node_info{{mid="{mid:08x}",address="1",name="sensor 1",product="DDC-SE-01",'
            'hwpid="0402",zone="0",parent="0"}'
        ]
        == 1
    )
    assert read[f'iqrf_sensor_temperature_celsius{{mid="{mid:08x}",sensor="0",type="1"}}'] == 0
    # A node without a MID has no series, a block of bytes is no number, a value that never was is
    # none.
    assert not any('mid="00000000"' in name for name in read)
    assert not any("192" in name or "energy" in name for name in read)


def test_values_that_are_old_are_left_out() -> None:
    later = UPDATED + timedelta(seconds=1261)
    read = samples(*metrics.network(NETWORK, Latest(), later, 1260))
    assert not any(name.startswith("iqrf_sensor") for name in read)


def test_units_become_base_units() -> None:
    pressure = evolve(NODE.sensors[0], type=16, value=1013.2, updated=UPDATED)
    known = NETWORK.replaced([evolve(NODE, sensors=(pressure,))])
    read = samples(*metrics.network(known, Latest(), UPDATED, 60))
    [(name, value)] = [each for each in read.items() if each[0].startswith("iqrf_sensor")]
    assert name.startswith("iqrf_sensor_pressure_pascals{")
    assert value == 101320


def test_quantities_that_share_a_metric_share_its_factor() -> None:
    factors: dict[str, set[float]] = {}
    for each in PRESENTATIONS.values():
        factors.setdefault(each.metric, set()).add(each.factor)
    assert all(len(found) == 1 for found in factors.values())


def test_scraping_changes_nothing() -> None:
    latest = Latest()
    assert samples(*everything(latest)) == samples(*everything(latest))


def test_outputs_and_lights_as_far_as_they_are_known() -> None:
    other = evolve(NODE, address=2, mid=0x81000002)
    known = Network({1: evolve(NODE, address=1, mid=0x81000001), 2: other})
    of = {0x81000001: States({0: True, 3: False}), 0x81000002: States(light=Light(True, 40))}
    assert samples(*metrics.states(known, lambda node: of[node.mid])) == {
        'iqrf_output_on{mid="81000001",output="0"}': 1,
        'iqrf_output_on{mid="81000001",output="3"}': 0,
        'iqrf_light_brightness_ratio{mid="81000002"}': 0.4,
    }
    assert not list(render(metrics.states(known, lambda _node: UNKNOWN)))
