"""What AutoNetwork decides: who gets which address, when it begins, and when it ends."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh.auto_network.admission import choose
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.limits import Tally, ending, refusal, room
from protocol.iqmesh.auto_network.settings import Settings, StopConditions
from protocol.iqmesh.prebonding import Share

ADDRESSES = st.integers(1, 12)
MIDS = st.integers(1, 30)
WISHES = st.lists(st.tuples(MIDS, st.none() | ADDRESSES), unique_by=lambda each: each[0])


@given(
    wishes=WISHES,
    space=st.lists(ADDRESSES, unique=True),
    bonds=st.dictionaries(ADDRESSES, MIDS),
    found=st.lists(MIDS, unique=True),
    refused=st.sets(ADDRESSES),
    most=st.integers(0, 12),
)
def test_no_address_is_given_twice_or_against_a_wish(
    wishes: list[tuple[int, int | None]],
    space: list[int],
    bonds: dict[int, int],
    found: list[int],
    refused: set[int],
    most: int,
) -> None:
    settings = Settings(wishes=tuple(wishes), address_space=tuple(space))
    choice = choose(settings, bonds, found, given={}, refused=refused, room=most)
    new = {node: mid for node, mid in choice.chosen.items() if node not in choice.returning}
    assert len(set(choice.chosen.values())) == len(choice.chosen)
    assert set(choice.chosen.values()) <= set(found)
    assert len(new) <= most
    assert not new.keys() & (bonds.keys() | refused)
    assert all(bonds[node] == choice.chosen[node] for node in choice.returning)
    others = {address: mid for mid, address in wishes if address is not None}
    for node, mid in new.items():
        if dict(wishes).get(mid) != node:
            assert node not in others
            assert not space or node in space


def test_a_wish_that_is_held_gets_the_lowest_free_address() -> None:
    settings = Settings(wishes=((7, 1), (8, 5)))
    choice = choose(settings, {1: 99}, (6, 7, 8), given={}, refused=(), room=9)
    assert choice.chosen == {2: 6, 3: 7, 5: 8}


def test_who_comes_back_gets_its_address() -> None:
    choice = choose(Settings(), {4: 7}, (7, 8), given={8: 9}, refused=(), room=1)
    assert (choice.chosen, list(choice.returning)) == ({4: 7, 9: 8}, [4])


def refused(bonds: dict[int, int], stop: StopConditions | None = None, **more: Any) -> object:
    return refusal(Settings(stop=stop or StopConditions(), **more), bonds)


def test_why_nothing_is_begun() -> None:
    full = {node: node for node in range(1, MAX_NODE + 1)}
    assert refused({}) is None
    assert refused(full) is WaveCode.NETWORK_FULL
    assert refused({5: 1}, address_space=(5,)) is WaveCode.NO_FREE_ADDRESS
    assert refused({5: 1, 6: 1}) is WaveCode.DOUBLE_MIDS
    assert refused({5: 0, 6: 0}) is None
    listed: dict[str, Any] = {"wishes": ((1, None), (2, None)), "only_wished": True}
    assert refused({5: 1, 6: 2}, **listed) is WaveCode.WISHED_BONDED
    assert refused({}, StopConditions(new_nodes=3), **listed) is WaveCode.NEW_NOT_IN_LIST
    assert refused({5: 9}, StopConditions(total_nodes=4), **listed) is WaveCode.TOTAL_NOT_IN_LIST
    space = {"address_space": (1, 2)}
    assert refused({}, StopConditions(new_nodes=3), **space) is WaveCode.NEW_NO_ADDRESSES
    assert refused({}, StopConditions(total_nodes=3), **space) is WaveCode.TOTAL_NO_ADDRESSES
    assert refused({1: 1, 2: 2}, StopConditions(total_nodes=2)) is WaveCode.TOTAL_NODES


def test_of_several_reasons_to_end_the_last_one_is_told() -> None:
    stop = StopConditions(waves=2, empty_waves=2, new_nodes=1, total_nodes=1)
    assert ending(Settings(stop=stop), {}, Tally(1, 1, 0)) is WaveCode.FINISHED
    assert ending(Settings(stop=stop), {}, Tally(2, 1, 0)) is WaveCode.WAVES
    assert ending(Settings(stop=stop), {}, Tally(2, 2, 0)) is WaveCode.EMPTY_WAVES
    assert ending(Settings(stop=stop), {}, Tally(2, 2, 1)) is WaveCode.NEW_NODES
    assert ending(Settings(stop=stop), {1: 1}, Tally(2, 2, 1)) is WaveCode.TOTAL_NODES


@given(st.integers(0, 3), st.integers(0, 3))
def test_every_run_ends(waves: int, empty_waves: int) -> None:
    settings = Settings(stop=StopConditions(waves=waves, empty_waves=empty_waves))
    assert ending(settings, {}, Tally(300, 300, 0)) is not WaveCode.FINISHED


def test_room_is_the_least_of_the_limits() -> None:
    settings = Settings(stop=StopConditions(new_nodes=5, total_nodes=10))
    assert room(settings, {}, 0) == 5
    assert room(settings, dict.fromkeys(range(1, 8), 0), 0) == 3
    assert room(settings, {}, 9) == 0


def test_shares_of_modules() -> None:
    share = Share(networks=3, network=2)
    assert [mid for mid in range(9) if share.has(mid)] == [1, 4, 7]
    assert share.filter.to_bytes(4, "little").hex() == "0103ffff"
