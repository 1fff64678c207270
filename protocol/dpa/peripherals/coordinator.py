"""The commands of the Coordinator peripheral (DPA guide, "Coordinator")."""

import struct
from collections.abc import Iterable
from typing import ClassVar

from attrs import evolve, frozen

from protocol.dpa.call import (
    BYTE,
    EVERYTHING,
    NOTHING,
    RAW,
    Call,
    Command,
    Layout,
    bytes_named,
    packed,
)
from protocol.dpa.fields import Packed, at_least, exactly, module_id, node_address, octets, within
from protocol.dpa.frc import bitmap, members
from protocol.dpa.packet import COORDINATOR, MAX_NODE, TEMPORARY
from protocol.dpa.pnum import COORDINATOR_PNUM
from protocol.dpa.timing import Timing
from protocol.errors import LocalProtocolError

MAX_TX_POWER = 7

BACKUP_BLOCK = 49
"""Bytes of one block of a backup, of the coordinator and of a node."""

MAX_AUTHORIZED = 11
"""Pairs of address and MID that fit one request, from DPA 4.14 on."""

SMART_CONNECT_CHANGED = 0x0416
"""DPA version from which on Smart connect has its present layout."""

OPTIMIZED_HOPS = 0xFF

_ADDRESSES_LENGTH = 32
_ADDRESSES_USED = 30
_IBK_START = 2
_IBK_LENGTH = 16
_USER_DATA_LENGTH = 4
_AUTHORIZE_RECORD = 5
"""Bytes of an address and a MID."""


@frozen
class AddrInfo(Packed):
    """How many nodes are bonded, and the discovery's identification."""

    layout: ClassVar = struct.Struct("<BB")

    bonded: int
    did: int


@frozen
class Bonded(Packed):
    """The address a node was given, and how many nodes are bonded now."""

    layout: ClassVar = struct.Struct("<BB")

    address: int
    bonded: int


@frozen
class Hops(Packed):
    """Hops of requests and responses: 0xFF optimized, 0 by discovery only, n for n - 1 hops."""

    layout: ClassVar = struct.Struct("<BB")

    request: int
    response: int


def _decode_addresses(pdata: bytes) -> frozenset[int]:
    # Bit 0 is no node, and the bytes from 30 on hold whatever was in the buffer before.
    return members(at_least(pdata, _ADDRESSES_USED)[:_ADDRESSES_USED]) - {COORDINATOR}


def _encode_addresses(addresses: Iterable[int]) -> bytes:
    return bitmap(addresses, _ADDRESSES_LENGTH)


def decode_block(pdata: bytes) -> bytes:
    """A block of a backup; raises BadResponseError if it is not 49 bytes long."""
    return exactly(pdata, BACKUP_BLOCK)


ADDRESSES: Layout[frozenset[int]] = Layout(_decode_addresses, _encode_addresses, _ADDRESSES_LENGTH)
BONDED = packed(Bonded)
BLOCK = Layout(decode_block, bytes, BACKUP_BLOCK)


def _bonded(timing: Timing, _pdata: bytes, answer: AddrInfo | Bonded) -> Timing:
    return evolve(timing, bonded=answer.bonded)


def _count_bonded(timing: Timing, _pdata: bytes, count: int) -> Timing:
    return evolve(timing, bonded=count)


def _none_bonded(timing: Timing, _pdata: bytes, _nothing: None) -> Timing:
    return evolve(timing, bonded=0, discovered=0)


def _all_bonded(timing: Timing, _pdata: bytes, nodes: frozenset[int]) -> Timing:
    return evolve(timing, bonded=len(nodes))


def _all_discovered(timing: Timing, _pdata: bytes, nodes: frozenset[int]) -> Timing:
    return evolve(timing, discovered=len(nodes))


def _count_discovered(timing: Timing, _pdata: bytes, count: int) -> Timing:
    return evolve(timing, discovered=count)


def _discovery_limit(_pdata: bytes, timing: Timing) -> int:
    # 0.2 s per node were seen in networks of few zones; each further zone repeats the search.
    return 60_000 + 2_500 * timing.bonded


def _discovery_usual(timing: Timing) -> int:
    # Seen: 3.3 s for 15 nodes, 9.05 s for 40.
    return 250 + 220 * timing.bonded


def _smart_connect_limit(_pdata: bytes, timing: Timing) -> int:
    # 10 s were seen with fifteen nodes; the bonding is then tested through the network.
    return 60_000 + 500 * timing.bonded


def _authorize_limit(pdata: bytes, _timing: Timing) -> int:
    # 3.3 s per node were seen.
    return 30_000 + 5_000 * (len(pdata) // _AUTHORIZE_RECORD)


# Limits: clearing bonds took 0.24 s, a block of a backup 0.25 s, the button is waited for 10 s;
# what writes flash is given plenty, because nobody has measured it. Usual times are those of real
# coordinators in small networks.
ADDR_INFO = Command(COORDINATOR_PNUM, 0x00, "AddrInfo", packed(AddrInfo), teaches=_bonded)
DISCOVERED_DEVICES = Command(
    COORDINATOR_PNUM, 0x01, "DiscoveredDevices", ADDRESSES, teaches=_all_discovered
)
BONDED_DEVICES = Command(COORDINATOR_PNUM, 0x02, "BondedDevices", ADDRESSES, teaches=_all_bonded)
CLEAR_ALL_BONDS = Command(
    COORDINATOR_PNUM,
    0x03,
    "ClearAllBonds",
    NOTHING,
    limit_ms=5_000,
    usual_ms=200,
    teaches=_none_bonded,
    changes_network=True,
)
BOND_NODE = Command(
    COORDINATOR_PNUM,
    0x04,
    "BondNode",
    BONDED,
    asks=bytes_named("address", "retries"),
    radio=True,
    limit_ms=11_000,
    usual_ms=3_000,
    teaches=_bonded,
    changes_network=True,
)
REMOVE_BOND = Command(
    COORDINATOR_PNUM,
    0x05,
    "RemoveBond",
    BYTE,
    asks=bytes_named("address"),
    limit_ms=2_000,
    usual_ms=190,
    teaches=_count_bonded,
    changes_network=True,
)
REBOND_NODE = Command(COORDINATOR_PNUM, 0x06, "RebondNode", BYTE, limit_ms=2_000)
DISCOVERY = Command(
    COORDINATOR_PNUM,
    0x07,
    "Discovery",
    BYTE,
    asks=bytes_named("TX power", "highest address"),
    radio=True,
    limit_ms=_discovery_limit,
    usual_ms=_discovery_usual,
    teaches=_count_discovered,
    changes_network=True,
)
SET_DPA_PARAMS = Command(
    COORDINATOR_PNUM, 0x08, "SetDpaParams", BYTE, asks=bytes_named("DPA param")
)
SET_HOPS = Command(
    COORDINATOR_PNUM, 0x09, "SetHops", packed(Hops), asks=bytes_named("hops", "hops back")
)
DISCOVERY_DATA = Command(COORDINATOR_PNUM, 0x0A, "DiscoveryData", RAW)
COORDINATOR_BACKUP = Command(
    COORDINATOR_PNUM,
    0x0B,
    "Backup",
    BLOCK,
    asks=bytes_named("block"),
    limit_ms=2_000,
    usual_ms=250,
    secret_response=EVERYTHING,
)
COORDINATOR_RESTORE = Command(
    COORDINATOR_PNUM,
    0x0C,
    "Restore",
    NOTHING,
    limit_ms=2_000,
    usual_ms=50,
    changes_network=True,
    secret_request=EVERYTHING,
)
AUTHORIZE_BOND = Command(
    COORDINATOR_PNUM,
    0x0D,
    "AuthorizeBond",
    BONDED,
    radio=True,
    limit_ms=_authorize_limit,
    usual_ms=740,
    teaches=_bonded,
    changes_network=True,
)
BRIDGE = Command(COORDINATOR_PNUM, 0x0E, "Bridge", RAW)
READ_REMOTELY_BONDED_MID = Command(COORDINATOR_PNUM, 0x0F, "ReadRemotelyBondedMid", RAW)
CLEAR_REMOTELY_BONDED_MID = Command(COORDINATOR_PNUM, 0x10, "ClearRemotelyBondedMid", NOTHING)
ENABLE_REMOTE_BONDING = Command(COORDINATOR_PNUM, 0x11, "EnableRemoteBonding", NOTHING)
SMART_CONNECT = Command(
    COORDINATOR_PNUM,
    0x12,
    "SmartConnect",
    BONDED,
    radio=True,
    limit_ms=_smart_connect_limit,
    usual_ms=2_600,
    teaches=_bonded,
    changes_network=True,
    secret_request=slice(_IBK_START, _IBK_START + _IBK_LENGTH),
)
SET_MID = Command(COORDINATOR_PNUM, 0x13, "SetMID", NOTHING, changes_network=True)

COORDINATOR_COMMANDS = (
    ADDR_INFO,
    DISCOVERED_DEVICES,
    BONDED_DEVICES,
    CLEAR_ALL_BONDS,
    BOND_NODE,
    REMOVE_BOND,
    REBOND_NODE,
    DISCOVERY,
    SET_DPA_PARAMS,
    SET_HOPS,
    DISCOVERY_DATA,
    COORDINATOR_BACKUP,
    COORDINATOR_RESTORE,
    AUTHORIZE_BOND,
    BRIDGE,
    READ_REMOTELY_BONDED_MID,
    CLEAR_REMOTELY_BONDED_MID,
    ENABLE_REMOTE_BONDING,
    SMART_CONNECT,
    SET_MID,
)


def addr_info() -> Call[AddrInfo]:
    """How many nodes are bonded."""
    return ADDR_INFO.call(COORDINATOR)


def discovered_devices() -> Call[frozenset[int]]:
    """The addresses that routing knows."""
    return DISCOVERED_DEVICES.call(COORDINATOR)


def bonded_devices() -> Call[frozenset[int]]:
    """The addresses that are given away."""
    return BONDED_DEVICES.call(COORDINATOR)


def clear_all_bonds() -> Call[None]:
    """Forget all nodes, in the coordinator only."""
    return CLEAR_ALL_BONDS.call(COORDINATOR)


def bond_node(address: int, retries: int) -> Call[Bonded]:
    """Bond the node whose button is pressed within 10 s; address 0 takes the first free one."""
    within("address", address, 0, MAX_NODE)
    return BOND_NODE.call(COORDINATOR, octets(address=address, retries=retries))


def remove_bond(address: int) -> Call[int]:
    """Forget one node, in the coordinator only; the value is how many are bonded now."""
    return REMOVE_BOND.call(COORDINATOR, octets(address=node_address(address)))


def discovery(tx_power: int, max_address: int) -> Call[int]:
    """Find the routes; the value is how many nodes were found.

    `tx_power` is 0..7; nodes above `max_address` are left out, 0 takes all.
    """
    within("TX power", tx_power, 0, MAX_TX_POWER)
    within("highest address", max_address, 0, MAX_NODE)
    return DISCOVERY.call(COORDINATOR, octets(tx_power=tx_power, max_address=max_address))


def set_dpa_params(value: int) -> Call[int]:
    """Choose what DpaValue means; the value is the previous choice."""
    return SET_DPA_PARAMS.call(COORDINATOR, octets(params=value))


def set_hops(request: int, response: int) -> Call[Hops]:
    """Set the hops (see Hops); the value are the previous ones."""
    for hops in (request, response):
        if hops != OPTIMIZED_HOPS:
            within("hops", hops, 0, MAX_NODE)
    return SET_HOPS.call(COORDINATOR, octets(request=request, response=response))


def coordinator_backup(index: int) -> Call[bytes]:
    """One block of the coordinator's network data, 49 bytes."""
    return COORDINATOR_BACKUP.call(COORDINATOR, octets(index=index))


def coordinator_restore(block: bytes) -> Call[None]:
    """Give one block back."""
    return COORDINATOR_RESTORE.call(COORDINATOR, restorable(block))


def restorable(block: bytes) -> bytes:
    """`block`, if it can be one of a backup; otherwise raises LocalProtocolError."""
    within("length of a backup block", len(block), BACKUP_BLOCK, BACKUP_BLOCK)
    return block


def authorize_bond(address: int, mid: int, *more: tuple[int, int]) -> Call[Bonded]:
    """Give an address to a node that was prebonded; address 0 takes the first free one.

    `more` pairs of address and MID, up to ten, need DPA 4.14.
    """
    pairs = ((address, mid), *more)
    within("number of nodes", len(pairs), 1, MAX_AUTHORIZED)
    return AUTHORIZE_BOND.call(
        COORDINATOR,
        b"".join(
            octets(address=within("address", node, 0, MAX_NODE)) + module_id(module)
            for node, module in pairs
        ),
    )


def smart_connect(
    address: int,
    retries: int,
    ibk: bytes,
    mid: int,
    *,
    dpa: int,
    virtual_device: int = 0xFF,
    user_data: bytes = bytes(_USER_DATA_LENGTH),
) -> Call[Bonded]:
    """Bond a node by what its Smart connect code says.

    `ibk` are the 16 bytes of the individual bonding key, `dpa` is the coordinator's DPA version,
    which decides on the layout. Address 0 takes the first free one, 0xFE prebonds many.
    """
    if address != TEMPORARY:
        within("address", address, 0, MAX_NODE)
    if len(ibk) != _IBK_LENGTH or len(user_data) != _USER_DATA_LENGTH:
        raise LocalProtocolError(
            f"IBK has {_IBK_LENGTH} bytes and user data {_USER_DATA_LENGTH}, "
            f"not {len(ibk)} and {len(user_data)}"
        )
    device = octets(virtual_device=virtual_device)
    if dpa >= SMART_CONNECT_CHANGED:
        tail = bytes(1) + device + user_data + bytes(10)
    else:
        tail = bytes(2) + device + bytes(9) + user_data
    return SMART_CONNECT.call(
        COORDINATOR, octets(address=address, retries=retries) + ibk + module_id(mid) + tail
    )


def set_mid(mid: int, address: int) -> Call[None]:
    """Write into the coordinator which module is at `address`."""
    return SET_MID.call(COORDINATOR, module_id(mid) + octets(address=node_address(address)))
