"""The figures: each duration is counted once, and a snapshot is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.queue.tallies import BUCKETS_S, Fate, Tally


@given(st.lists(st.floats(0, 1000), max_size=50))
def test_a_histogram_holds_each_duration_once(durations: list[float]) -> None:
    tally = Tally()
    for seconds in durations:
        tally.accept()
        tally.finish(Fate.ANSWERED, seconds, seconds / 2)
    figures = tally.snapshot()
    assert figures.accepted == figures.fates[Fate.ANSWERED] == len(durations)
    assert figures.waited.count == figures.ran.count == len(durations)
    assert figures.waited.total_s == pytest.approx(sum(durations))
    for index, bound in enumerate(BUCKETS_S):
        below = sum(seconds <= bound for seconds in durations)
        assert sum(figures.waited.counts[: index + 1]) == below


def test_a_snapshot_stays_as_it_is() -> None:
    tally = Tally()
    tally.accept()
    before = tally.snapshot()
    tally.end(Fate.ABANDONED)
    assert before.fates[Fate.ABANDONED] == 0
    assert tally.snapshot().fates[Fate.ABANDONED] == 1
