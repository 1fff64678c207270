"""What prebonded nodes answer to an FRC: as they have no address, at places chosen by chance."""

from collections.abc import Iterable, Mapping, Sequence
from math import dist
from random import Random

from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.routes import COORDINATOR_POSITION
from protocol.dpa.frc import (
    PREBONDED_ALIVE,
    PREBONDED_MEMORY_COMPARE_2B,
    PREBONDED_MEMORY_READ_4B_PLUS_1,
    Width,
)
from protocol.dpa.packet import MAX_NODE

PREBONDED = frozenset(
    (PREBONDED_ALIVE, PREBONDED_MEMORY_COMPARE_2B, PREBONDED_MEMORY_READ_4B_PLUS_1)
)
"""The commands that only prebonded nodes answer."""

_ALIVE = 0b11
_HEARD, _LOWER = 0b10, 0b01
"""Bits of the comparison: the node answers; what it has is lower than what was sent."""


def place(node: Node, seed: int) -> int:
    """Where a node answers to a `seed`, 1..239; another one may have the same place."""
    return Random(f"{node.mid} {seed}").randint(1, MAX_NODE)


def answers(
    nodes: Iterable[Node],
    command: int,
    selected: Sequence[int] | None,
    user_data: bytes,
    now: float,
) -> Mapping[int, int]:
    """What stands in each slot; of several nodes at one place the nearest one is heard.

    User data: the seed of the places, then what to do. `selected` are the places that are asked,
    None for all.
    """
    values = dict[int, int]()
    for node in sorted(nodes, key=lambda each: -dist(each.position, COORDINATOR_POSITION)):
        at = place(node, user_data[0])
        if selected is not None and at not in selected:
            continue
        if command == PREBONDED_ALIVE:
            values[at] = _ALIVE
        elif command == PREBONDED_MEMORY_COMPARE_2B:
            values[at] = _compare(node, user_data, now)
        else:
            # Fifteen can answer: those from the given place in the list of the selected ones on.
            slot = (selected or range(1, MAX_NODE + 1)).index(at) + 1 - user_data[1]
            if 1 <= slot <= Width.BYTE4.capacity:
                values[slot] = (_memory(node, user_data[2:], 4, now) + 1) & 0xFFFF_FFFF
    return values


def _compare(node: Node, user_data: bytes, now: float) -> int:
    """User data: seed, two bytes of flags, the value to compare with, then what to read."""
    expected = int.from_bytes(user_data[3:5], "little")
    return _HEARD | (_LOWER if _memory(node, user_data[5:], 2, now) < expected else 0)


def _memory(node: Node, question: bytes, length: int, now: float) -> int:
    """What stands at an address after a request: address, PNUM, PCMD, length, PDATA."""
    pnum, pcmd, size = question[2:5]
    memory = node.memory_after(pnum, pcmd, question[5 : 5 + size], now)
    return int.from_bytes(memory.read(int.from_bytes(question[:2], "little"), length), "little")
