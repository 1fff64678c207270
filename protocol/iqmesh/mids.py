"""Which module is where: what the coordinator's table says, and what the nodes say themselves."""

from collections.abc import Iterable, Mapping

from protocol.dpa import frc
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.memory import MAX_READ, MID_RECORD, MID_TABLE, eeeprom_read
from protocol.dpa.peripherals.os import OS_READ
from protocol.iqmesh.plan import Plan, ask
from protocol.iqmesh.polling import poll, poll_once
from protocol.network.tables import NO_MID

_MID_LENGTH = 4

_MID = frc.memory_read_4b(frc.RESPONSE_BUFFER, *OS_READ.key, plus_one=True)
"""User data: the first four bytes of the answer to OS Read, which are the MID."""
_LOWEST_BYTE = frc.memory_read(frc.RESPONSE_BUFFER, *OS_READ.key)


def in_table(bonded: Iterable[int]) -> Plan[dict[int, int]]:
    """The MID of each bonded node in the coordinator's table, 0 where it has none."""
    bonded = sorted(bonded)
    end = (bonded[-1] + 1) * MID_RECORD
    table = b""
    while len(table) < end:
        length = min(MAX_READ, end - len(table))
        read = eeeprom_read(COORDINATOR, MID_TABLE + len(table), length)
        table += yield from ask(read)
    records = {node: table[node * MID_RECORD :][:_MID_LENGTH] for node in bonded}
    mids = {node: int.from_bytes(record, "little") for node, record in records.items()}
    return {node: 0 if mid in NO_MID else mid for node, mid in mids.items()}


def at(nodes: Iterable[int]) -> Plan[dict[int, int]]:
    """As `in_table`, but only the records in question are read."""
    found = dict[int, int]()
    spans: list[list[int]] = []
    for node in sorted(nodes):
        if spans and (node - spans[-1][0]) * MID_RECORD + _MID_LENGTH <= MAX_READ:
            spans[-1].append(node)
        else:
            spans.append([node])
    for span in spans:
        length = (span[-1] - span[0]) * MID_RECORD + _MID_LENGTH
        read = eeeprom_read(COORDINATOR, MID_TABLE + span[0] * MID_RECORD, length)
        data = yield from ask(read)
        for node in span:
            content = data[(node - span[0]) * MID_RECORD :][:_MID_LENGTH]
            mid = int.from_bytes(content, "little")
            found[node] = 0 if mid in NO_MID else mid
    return found


def record(node: int) -> Plan[int]:
    """The MID of one node in the coordinator's table."""
    read = eeeprom_read(COORDINATOR, MID_TABLE + MID_RECORD * node, _MID_LENGTH)
    return int.from_bytes((yield from ask(read)), "little")


def of_nodes(expected: Mapping[int, int]) -> Plan[dict[int, int]]:
    """The MID that each node says it has, 0 where it kept silent; `expected` is the table.

    Where one FRC cannot ask all nodes for all of it, the lowest byte is compared first, four times
    as many at once. A node with another MID whose lowest byte is the same (one in 256) is missed.
    """
    unclear = sorted(expected)
    mids = dict[int, int]()
    if len(unclear) > frc.Width.BYTE4.capacity:
        lowest = yield from poll_once(frc.MEMORY_READ_PLUS_1, unclear, _LOWEST_BYTE)
        same = [node for node in unclear if lowest[node] and _fits(lowest[node], expected[node])]
        mids = {node: expected[node] for node in same}
        unclear = [node for node in unclear if node not in mids]
    if unclear:
        mids |= yield from said_by(unclear)
    return dict(sorted(mids.items()))


def said_by(nodes: Iterable[int]) -> Plan[dict[int, int]]:
    """The MID that each node says it has, all of it, 0 where it kept silent."""
    values = yield from poll(frc.MEMORY_READ_4B, nodes, _MID)
    return {node: value - 1 if value else 0 for node, value in values.items()}


def _fits(answer: int, mid: int) -> bool:
    return bool(mid) and answer == (mid + 1) & 0xFF
