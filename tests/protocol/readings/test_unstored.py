"""Values that waited in a file for the next start."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from protocol.network.network import Device, Network, Sensor
from protocol.readings.unstored import Unstored, parse

AT = datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
NOW = AT + timedelta(hours=1)

VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**31), 2**32 - 1),
    st.lists(st.integers(0, 255), max_size=5).map(tuple),
)
BATCHES = st.lists(
    st.tuples(st.integers(0, 239), st.integers(0, 2**32 - 1), st.integers(0, 31), VALUES),
    max_size=5,
)


def network(mid: int = 7, updated: datetime | None = None) -> Network:
    sensor = Sensor(
        index=0, type=1, type_index=0, name="T", short_name="T", unit="C", decimals=4, frcs=(),
        updated=updated,
    )  # fmt: skip
    return Network({1: Device(1, mid, sensors=(sensor,))})


@given(entries=BATCHES)
def test_a_line_says_what_was_put_into_it(
    entries: list[tuple[int, int, int, float | tuple[int, ...]]],
) -> None:
    batch = Unstored(AT, entries)
    assert parse(batch.dump()) == batch


@given(entries=BATCHES, cut=st.integers(0, 1000))
def test_a_torn_line_says_nothing(
    entries: list[tuple[int, int, int, float | tuple[int, ...]]], cut: int
) -> None:
    line = Unstored(AT, entries).dump()
    if cut < len(line):
        assert parse(line[:cut]) is None


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_nothing_else_makes_sense(text: str) -> None:
    assert parse(text) is None


def test_a_value_of_a_sensor_must_be_one() -> None:
    for value in ("true", "null", '"1"', "NaN", "1e999", "[256]", "[true]", "{}"):
        line = f'{{"at": "2026-06-01T12:00:00Z", "values": [[1, 7, 0, {value}]]}}'
        assert parse(line) is None, value


def test_values_find_their_device_again() -> None:
    batch = Unstored.of({(1, 0): 21.5, (1, 5): 1.0, (9, 0): 2.0}, network(), AT)
    assert batch.still_news(network(), NOW) == {(1, 0): 21.5}
    assert batch.still_news(network(mid=8), NOW) == {}
    assert batch.still_news(Network({}), NOW) == {}


def test_a_later_value_stays() -> None:
    batch = Unstored.of({(1, 0): 21.5}, network(), AT)
    second = timedelta(seconds=1)
    assert batch.still_news(network(updated=AT + second), NOW) == {}
    assert batch.still_news(network(updated=AT - second), NOW) == {(1, 0): 21.5}
    # The clock was set back since that one was stored.
    assert batch.still_news(network(updated=NOW + second), NOW) == {(1, 0): 21.5}


def test_what_is_of_the_module_itself_is_left_out() -> None:
    batch = Unstored.of({(1, 0): 5, (1, -1): -62, (1, -2): 2.97}, network(), AT)
    assert batch.values == [(1, 7, 0, 5)]
