"""Places for unauthenticated connections: the oldest of the largest share goes."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.auth.places import PATIENCE_S, Place, Places


def full(*networks: str) -> tuple[Places, list[Place]]:
    """Places held by connections of these networks, one coming each second."""
    places, held = Places(), [Place(name, float(at)) for at, name in enumerate(networks)]
    for place in held:
        places.ask(place)
        assert places.admit(place.since) is place
    return places, held


def test_the_oldest_of_the_largest_share_goes() -> None:
    places, held = full("a", "b", "b", "c")
    places.ask(Place("d", 4.0))
    assert places.to_leave(4) == (held[1], 1.0 + PATIENCE_S)
    held[1].leaving = True
    assert places.to_leave(4) == (None, inf), "one is enough"
    places.ask(Place("d", 4.0))
    assert places.to_leave(4)[0] is held[0], "all shares are the same by now"


def test_nobody_goes_while_nobody_waits() -> None:
    places, _ = full("a", "a")
    assert places.to_leave(2) == (None, inf)


def test_the_more_wait_the_less_time_each_has() -> None:
    places, held = full("a", "a")
    for _ in range(5):
        places.ask(Place("a", 2.0))
    going, at = places.to_leave(2)
    assert going is held[0]
    assert at == pytest.approx(PATIENCE_S / 9)


def test_the_smallest_share_is_next_and_of_it_the_newest() -> None:
    places, _ = full("a", "a", "b")
    waiting = [Place(name, 3.0) for name in ("a", "b", "b", "a")]
    for place in waiting:
        places.ask(place)
    assert [places.admit(3.0) for _ in range(4)] == [waiting[2], waiting[3], waiting[1], waiting[0]]


def test_the_time_of_a_place_runs_from_when_it_was_got() -> None:
    places, waited = Places(1.0), Place("a", 0.0)
    for place, got_at in ((Place("a", 5.0), 5.0), (waited, 6.0)):
        places.ask(place)
        assert places.admit(got_at) is place
    places.ask(Place("a", 6.5))
    going, at = places.to_leave(2)
    assert going is not None
    assert (going.since, at) == (5.0, 6.0), "who waited for long is not the first to go"
    assert places.keep(going, 6.2)
    assert places.to_leave(2) == (waited, 7.0)
    assert not places.keep(going, 5.0 + PATIENCE_S), "enough is enough"


def test_who_waits_in_vain_is_the_oldest_of_the_largest_share() -> None:
    places, _ = full("a")
    first, second, third = (Place(name, float(at)) for at, name in enumerate("abb"))
    for place in (first, second, third):
        places.ask(place)
    assert places.overflowing(3) is None
    assert places.overflowing(2) is second
    second.leaving = True
    assert places.overflowing(2) is None


def test_who_says_nothing_gets_no_place_and_takes_nobodys() -> None:
    places, _ = full("a", "a")
    silent = [Place("a", float(at)) for at in range(3)]
    for place in silent:
        places.arrive(place)
    assert places.to_leave(2) == (None, inf)
    places.ask(silent[0])
    assert places.to_leave(2)[1] == PATIENCE_S, "those that are silent do not press"
    assert places.admit(2.0) is silent[0]
    places.remove(silent[1])
    assert list(places.silent) == [silent[2]]


def test_when_there_are_too_many_the_silent_ones_go_first_but_never_the_newest() -> None:
    places = Places()
    waiting, silent = [Place("a", 0.0), Place("a", 1.0)], [Place("b", 2.0), Place("b", 3.0)]
    for place in waiting + silent:
        places.arrive(place)
    for place in waiting:
        places.ask(place)
    for most, gone in enumerate((silent[0], *waiting)):
        assert places.overflowing(3 - most) is gone
        assert places.overflowing(4 - most) is None
        gone.leaving = True


def test_many_that_wait_do_not_send_away_the_few_whose_request_is_on_its_way() -> None:
    places = Places()
    waiting, silent = [Place("a", float(at)) for at in range(4)], Place("a", 0.5)
    for place in waiting:
        places.arrive(place)
        places.ask(place)
    for place in (silent, Place("a", 5.0)):
        places.arrive(place)
    for gone in waiting[:2]:
        assert places.overflowing(5 - waiting.index(gone)) is gone
        gone.leaving = True
    assert places.overflowing(3) is silent, "as many wait as are silent by now"


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.sampled_from("abcd"))
def test_the_newcomer_never_goes(networks: list[str], network: str) -> None:
    places, _ = full(*networks)
    newcomer = Place(network, 100.0)
    places.ask(newcomer)
    going, at = places.to_leave(len(networks))
    assert going is not None
    assert going is not newcomer
    assert at <= 100.0
    places.remove(going)
    assert places.admit(100.0) is newcomer
    shares = [place.network for place in places.held if place is not newcomer]
    assert shares.count(going.network) + 1 == max(map(networks.count, networks))
