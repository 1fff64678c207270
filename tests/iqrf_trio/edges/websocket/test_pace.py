"""Counting the frames of a peer, and making it wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.edges.websocket.pace import Frames, Pace
from tests.iqrf_trio.raw_client import BINARY, CONTINUATION, PING, TEXT, frame

SIZES = (0, 1, 125, 126, 127, 65535, 65536)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("masked", [True, False])
def test_every_length_is_understood(size: int, masked: bool) -> None:
    one = frame(BINARY, bytes(size), masked=masked)
    assert Frames().count(one * 3) == 3


@given(
    st.lists(st.sampled_from(SIZES), max_size=20),
    st.lists(st.integers(1, 500), min_size=1),
    st.booleans(),
)
def test_however_they_are_cut_each_counts_once(
    sizes: list[int], cuts: list[int], masked: bool
) -> None:
    stream = b"".join(frame(CONTINUATION, b"\xff" * size, masked=masked) for size in sizes)
    frames, found, at, number = Frames(), 0, 0, 0
    while at < len(stream):
        size = cuts[number % len(cuts)]
        found += frames.count(stream[at : at + size])
        at, number = at + size, number + 1
    assert found == len(sizes)


@given(st.binary(max_size=3000))
def test_any_bytes_are_counted(data: bytes) -> None:
    assert 0 <= Frames().count(data) <= len(data) // 2 + 1


def test_small_frames_are_many() -> None:
    assert Frames().count(frame(PING) * 100 + frame(TEXT, b"x", fin=False)) == 101


def test_a_peer_may_send_as_many_as_in_a_second_at_once() -> None:
    pace = Pace(20, 100.0)
    assert pace.delay(20, 100.0) == 0
    assert pace.delay(20, 100.0) == pytest.approx(1.0)
    assert pace.delay(1, 101.0) == pytest.approx(0.05)
    assert pace.delay(20, 200.0) == 0


@given(st.lists(st.integers(0, 200), min_size=1, max_size=50))
def test_in_the_long_run_it_is_the_pace(batches: list[int]) -> None:
    pace, now = Pace(10, 0.0), 0.0
    for frames in batches:
        now += pace.delay(frames, now)
    assert sum(batches) <= 10 * now + 10 + 1e-6
