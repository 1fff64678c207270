"""How many nodes enter a network at once: they are prebonded, found by FRC, and authorised.

Prebonded nodes have no address to be asked by. Each answers an FRC at one of 239 places, which it
chooses by the seed in the request; where two have chosen the same one, only one of them is found,
and the other with another seed.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from attrs import field, frozen

from protocol.dpa import frc
from protocol.dpa.errors import DpaError, FrcStatusError
from protocol.dpa.fields import word
from protocol.dpa.packet import TEMPORARY
from protocol.dpa.peripherals.coordinator import (
    MAX_AUTHORIZED,
    authorize_bond,
    bonded_devices,
    smart_connect,
)
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.frc import frc_extra_result, frc_send, frc_send_selective
from protocol.dpa.peripherals.node import validate_bonds
from protocol.dpa.peripherals.os import OS_READ
from protocol.dpa.step import Step
from protocol.dpa.step import ask as ask_once
from protocol.iqmesh import journal, mids
from protocol.iqmesh.plan import Pause, Plan, Released, ask, do
from protocol.network.tables import NO_MID

SEVERAL_FROM = 0x0414
"""The DPA version from which on one request authorises several nodes, and remainders are known."""

SETTLE_S = 0.5
"""What nodes are given between two steps."""

_IBK = bytes(16)
_HWPID_AT = frc.RESPONSE_BUFFER + 7
"""Where the answer to the enumeration of peripherals has the HWPID, and behind it its version."""


@frozen
class Share:
    """Of several networks within reach: who belongs to this one, by the remainder of the MID."""

    networks: int
    network: int
    """Counted from 1."""

    def has(self, mid: int) -> bool:
        """Whether the module is one of this network's."""
        return mid % self.networks == self.network - 1

    @property
    def filter(self) -> int:
        """What Smart connect takes in place of a MID, so that others are not even prebonded."""
        return (self.network - 1) | self.networks << 8 | 0xFFFF_0000


def prebond(dpa: int, share: Share | None = None) -> Plan[None]:
    """Prebond all nodes that hear it and have no network."""
    mid = share.filter if share and dpa >= SEVERAL_FROM else 0
    yield from ask(smart_connect(TEMPORARY, 0, _IBK, mid, dpa=dpa))
    yield Pause(SETTLE_S)


def release(suspected: Iterable[int], *, temporary: bool) -> Plan[None]:
    """Let every module at an address of `suspected` go, and with `temporary` the prebonded ones."""
    pairs = [(address, 0) for address in suspected]
    last = [(TEMPORARY, 0)] if temporary else []
    room = MAX_AUTHORIZED - len(last)
    for start in range(0, len(pairs), room):
        yield from ask(validate_bonds(*pairs[start : start + room], *last))


def release_all() -> Plan[bool]:
    """Let all prebonded nodes go; whether the coordinator has sent that."""
    try:
        yield from do(journal.release)
    except DpaError:
        return False
    yield Released()
    return True


def alive(seed: int) -> Plan[frozenset[int]]:
    """The places at which prebonded nodes answer."""
    return do(partial(_alive, seed))


def _alive(seed: int) -> Step[frozenset[int]]:
    answer = yield from ask_once(frc_send(frc.PREBONDED_ALIVE, bytes((seed, 0))))
    if not answer.ok:
        error = FrcStatusError(answer.status)
        if not error.no_nodes:
            raise error
        return frozenset()
    return frc.members(answer.data[: frc.SELECTED_NODES]) - {0}


def understanding_several(seed: int, places: Collection[int]) -> Plan[frozenset[int]]:
    """Of these places those whose nodes can be authorised together with others."""
    # Bit 0: what stands there is less than what is asked about; bit 1: the node has answered.
    wanted = word("DPA version", SEVERAL_FROM)
    question = frc.memory_read(frc.RESPONSE_BUFFER, *ENUMERATE.key)
    user_data = bytes((seed, 0, 1)) + wanted + question

    def compare() -> Step[frozenset[int]]:
        answer = yield from ask_once(frc_send(frc.PREBONDED_MEMORY_COMPARE_2B, user_data))
        if not answer.ok:
            raise FrcStatusError(answer.status)
        data = answer.data + (yield from ask_once(frc_extra_result()))
        bits = frc.unpack(frc.Width.BITS2, places, data, selective=False)
        return frozenset(place for place, said in bits.items() if said == 0b10)

    return do(compare)


def module_ids(seed: int, places: Collection[int]) -> Plan[dict[int, int]]:
    """The MID at each place; a place is left out where nobody was heard, or two say the same."""
    question = frc.memory_read(frc.RESPONSE_BUFFER, *OS_READ.key)
    found = yield from _read(seed, places, question)
    said = list(found.values())
    return {
        place: mid for place, mid in found.items() if mid not in NO_MID and said.count(mid) == 1
    }


def hardware_profiles(seed: int, places: Collection[int]) -> Plan[dict[int, int]]:
    """The HWPID at each place where a node was heard."""
    question = frc.memory_read(_HWPID_AT, *ENUMERATE.key)
    found = yield from _read(seed, places, question)
    return {place: value & 0xFFFF for place, value in found.items()}


def _read(seed: int, places: Collection[int], question: bytes) -> Plan[dict[int, int]]:
    """Four bytes of each node, fifteen nodes at a time; all places are named in each request."""
    found, asked = dict[int, int](), 0
    for group in frc.groups(places, frc.Width.BYTE4.capacity):
        user_data = bytes((seed, asked)) + question
        found |= yield from do(partial(_read_group, places, group, user_data))
        asked += len(group)
    return {place: value - 1 for place, value in sorted(found.items()) if value}


def _read_group(
    places: Collection[int], group: tuple[int, ...], user_data: bytes
) -> Step[dict[int, int]]:
    command = frc.PREBONDED_MEMORY_READ_4B_PLUS_1
    answer = yield from ask_once(frc_send_selective(command, places, user_data))
    if not answer.ok:
        raise FrcStatusError(answer.status)
    data = answer.data
    if frc.needs_extra(frc.Width.BYTE4, len(group)):
        data += yield from ask_once(frc_extra_result())
    return frc.unpack(frc.Width.BYTE4, group, data)


@frozen
class Authorized:
    """Who has an address now in the coordinator, by address, and whom it has refused one."""

    done: Mapping[int, int] = field(factory=dict)
    refused: Mapping[int, DpaError] = field(factory=dict)


def authorize(chosen: Mapping[int, int], several: Collection[int]) -> Plan[Authorized]:
    """Give nodes their addresses; `chosen` are MIDs by address, `several` the MIDs of those that
    can be authorised together.

    The coordinator keeps the bond, whether or not the node has heard of it. Where an answer was
    lost, its table says what it has done.
    """
    together = [pair for pair in chosen.items() if pair[1] in several]
    groups = [together[at : at + MAX_AUTHORIZED] for at in range(0, len(together), MAX_AUTHORIZED)]
    groups += [[pair] for pair in chosen.items() if pair[1] not in several]
    done, refused = dict[int, int](), dict[int, DpaError]()
    for group in groups:
        error = yield from _authorize(group)
        if error is None:
            done |= dict(group)
            continue
        known = yield from _bonded(dict(group))
        done |= {address: mid for address, mid in group if known.get(address) == mid}
        left = {address: mid for address, mid in group if known.get(address) != mid}
        if len(group) > 1:
            # One of several that is refused must not keep the others out.
            single = yield from authorize(left, ())
            done |= single.done
            refused |= single.refused
        else:
            refused |= dict.fromkeys(left, error)
    return Authorized(done, refused)


def _authorize(pairs: list[tuple[int, int]]) -> Plan[DpaError | None]:
    (address, mid), *more = pairs
    try:
        yield from ask(authorize_bond(address, mid, *more))
    except DpaError as error:
        return error
    return None


def _bonded(expected: Mapping[int, int]) -> Plan[dict[int, int]]:
    """What the coordinator's table says of these addresses."""
    bonded = (yield from ask(bonded_devices())) & expected.keys()
    return (yield from mids.at(bonded))
