"""The commands of the Node peripheral (DPA guide, "Node")."""

import struct
from typing import ClassVar

from attrs import frozen

from protocol.dpa.call import EVERYTHING, NOTHING, RAW, Call, Command, bytes_named, packed
from protocol.dpa.fields import Packed, module_id, octets, within
from protocol.dpa.packet import BROADCAST
from protocol.dpa.peripherals.coordinator import BLOCK, MAX_AUTHORIZED, restorable
from protocol.dpa.pnum import NODE

_BONDED = 1 << 0


@frozen
class NodeInfo(Packed):
    """A node's own view of its place in the network.

    `zone` counts from 1 here; `parent_vrn` is the VRN, not the address, of the parent.
    """

    layout: ClassVar = struct.Struct("<BBBBBHHBBB")

    address: int
    vrn: int
    zone: int
    did: int
    parent_vrn: int
    user_address: int
    network_id: int
    vrn_fnz: int
    config: int
    flags: int

    @property
    def bonded(self) -> bool:
        """Whether the node takes itself for bonded."""
        return bool(self.flags & _BONDED)


NODE_READ = Command(NODE, 0x00, "Read", packed(NodeInfo))
NODE_REMOVE_BOND = Command(NODE, 0x01, "RemoveBond", NOTHING)
NODE_READ_REMOTELY_BONDED_MID = Command(NODE, 0x02, "ReadRemotelyBondedMid", RAW)
NODE_CLEAR_REMOTELY_BONDED_MID = Command(NODE, 0x03, "ClearRemotelyBondedMid", NOTHING)
NODE_ENABLE_REMOTE_BONDING = Command(NODE, 0x04, "EnableRemoteBonding", NOTHING)
NODE_REMOVE_BOND_ADDRESS = Command(NODE, 0x05, "RemoveBondAddress", NOTHING)
NODE_BACKUP = Command(
    NODE,
    0x06,
    "Backup",
    BLOCK,
    asks=bytes_named("block"),
    secret_response=EVERYTHING,
)
NODE_RESTORE = Command(NODE, 0x07, "Restore", NOTHING, secret_request=EVERYTHING)
VALIDATE_BONDS = Command(NODE, 0x08, "ValidateBonds", NOTHING)

NODE_COMMANDS = (
    NODE_READ,
    NODE_REMOVE_BOND,
    NODE_READ_REMOTELY_BONDED_MID,
    NODE_CLEAR_REMOTELY_BONDED_MID,
    NODE_ENABLE_REMOTE_BONDING,
    NODE_REMOVE_BOND_ADDRESS,
    NODE_BACKUP,
    NODE_RESTORE,
    VALIDATE_BONDS,
)


def node_read(nadr: int) -> Call[NodeInfo]:
    """The node's place in the network."""
    return NODE_READ.call(nadr)


def node_remove_bond(nadr: int) -> Call[None]:
    """Let the node forget its network; it does so after it has answered."""
    return NODE_REMOVE_BOND.call(nadr)


def node_backup(nadr: int, index: int) -> Call[bytes]:
    """One block of the node's network data, 49 bytes."""
    return NODE_BACKUP.call(nadr, octets(index=index))


def node_restore(nadr: int, block: bytes) -> Call[None]:
    """Give one block back."""
    return NODE_RESTORE.call(nadr, restorable(block))


def validate_bonds(*nodes: tuple[int, int], nadr: int = BROADCAST) -> Call[None]:
    """Name the module (MID) that belongs to each address; other modules there unbond themselves."""
    within("number of nodes", len(nodes), 1, MAX_AUTHORIZED)
    pdata = b"".join(octets(address=address) + module_id(mid) for address, mid in nodes)
    return VALIDATE_BONDS.call(nadr, pdata)
