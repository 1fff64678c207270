"""iqrfEmbedCoordinator_* and iqrfEmbedNode_*: who belongs to the network."""

from protocol.api.dpa.command import command_row
from protocol.auth.rights import MANAGE
from protocol.dpa.packet import Request
from protocol.dpa.peripherals import coordinator as c
from protocol.dpa.peripherals import node as n
from protocol.network.network import Network
from protocol.strict.errors import MemberError
from protocol.strict.json import JsonObject

_MID = 0x8110_2D55
_IBK = [154, 105, 31, 26, 33, 1, 33, 101, 3, 229, 197, 136, 255, 231, 246, 194]

_BEFORE_CHANGE = 22
"""Bytes of Smart connect that are where they always were: address, retries, IBK, MID."""


def _nodes(param: JsonObject) -> JsonObject:
    """Either one node, or up to eleven of them."""
    one = {"reqAddr", "mid"} & param.keys()
    nodes = param.get("nodes")
    if nodes is None:
        if len(one) < 2:
            raise MemberError("must have reqAddr and mid, or nodes")
        return param
    if one:
        raise MemberError("must have reqAddr and mid, or nodes, not both")
    assert isinstance(nodes, list)
    if not 1 <= len(nodes) <= c.MAX_AUTHORIZED:
        raise MemberError(f"nodes must be 1 to {c.MAX_AUTHORIZED}, not {len(nodes)}")
    return param


def fit_smart_connect(request: Request, network: Network) -> Request:
    """Smart connect as coordinators before DPA 4.16 have it: the last members stood elsewhere."""
    coordinator = network.get(0)
    if coordinator is None or coordinator.product is None:
        return request
    if coordinator.product.identity.dpa >= c.SMART_CONNECT_CHANGED:
        return request
    head, tail = request.pdata[:_BEFORE_CHANGE], request.pdata[_BEFORE_CHANGE:]
    device, user_data = tail[1:2], tail[2:6]
    pdata = head + bytes(2) + device + bytes(9) + user_data
    return Request(request.nadr, request.pnum, request.pcmd, pdata, request.hwpid)


_BONDED = "bondAddr:u8 address of the node, devNr:u8 how many nodes are bonded"
_PREBONDED = "prebondedNodes:(mid:u32 module, userData:b4 what it told) nodes without a bond"
_ENABLE = "bondingMask:u8 how many bits of the MID must fit, control:u8 1 enables, userData:data"
_SMART_CONNECT = (
    "reqAddr:u8 its address; 0 is the first free one, bondingTestRetries:u8, ibk:b16 its key, "
    "mid:mid its module, =00, virtualDeviceAddress:u8 255 is none, userData:b4, "
    "=00000000000000000000"
)
_HOPS = "requestHops:u8 towards the node, responseHops:u8 back; 255 is optimal"

# fmt: off
ROWS = (
    command_row("EmbedCoordinator_AddrInfo", c.ADDR_INFO, "How many nodes are bonded.",
                "", "devNr:u8 how many nodes are bonded, did:u8 identification of the discovery"),
    command_row("EmbedCoordinator_DiscoveredDevices", c.DISCOVERED_DEVICES,
                "Which nodes routing knows.", "", "discoveredDevices:bits30+2 addresses"),
    command_row("EmbedCoordinator_BondedDevices", c.BONDED_DEVICES,
                "Which addresses are given away.", "", "bondedDevices:bits30+2 addresses"),
    command_row("EmbedCoordinator_ClearAllBonds", c.CLEAR_ALL_BONDS,
                "Forget all nodes, in the coordinator only.", rights=MANAGE),
    command_row("EmbedCoordinator_BondNode", c.BOND_NODE,
                "Bond the node whose button is pressed within 10 s.",
                "reqAddr:u8 its address; 0 is the first free one, "
                "bondingMask:u8 how often the bond is tested",
                _BONDED, example={"reqAddr": 0, "bondingMask": 0}, rights=MANAGE),
    command_row("EmbedCoordinator_RemoveBond", c.REMOVE_BOND,
                "Forget a node, in the coordinator only.", "bondAddr:u8 its address",
                "devNr:u8 how many nodes are bonded", example={"bondAddr": 3}, rights=MANAGE),
    command_row("EmbedCoordinator_RebondNode", c.REBOND_NODE,
                "Bond a node again (before DPA 4.00).", "bondAddr:u8 its address",
                "devNr:u8 how many nodes are bonded",
                example={"bondAddr": 3}, rights=MANAGE, unnamed=True),
    command_row("EmbedCoordinator_Discovery", c.DISCOVERY, "Find the routes to the nodes.",
                "txPower:u8 power from 0 to 7, maxAddr:u8 highest address; 0 is all",
                "discNr:u8 how many nodes were found",
                example={"txPower": 7, "maxAddr": 0}, rights=MANAGE),
    command_row("EmbedCoordinator_SetDpaParams", c.SET_DPA_PARAMS,
                "Choose what DpaValue tells; the answer has the choice before.",
                "dpaParam:u8 0 last RSSI; 1 supply voltage; 2 system; 3 user",
                "prevDpaParam:u8 the choice before", example={"dpaParam": 0}, rights=MANAGE),
    command_row("EmbedCoordinator_SetHops", c.SET_HOPS,
                "Set the hops; the answer has those before.", _HOPS, _HOPS,
                example={"requestHops": 255, "responseHops": 255}, rights=MANAGE),
    command_row("EmbedCoordinator_DiscoveryData", c.DISCOVERY_DATA,
                "Read what routing knows (before DPA 4.00).", "address:u16 where to read",
                "discoveryData:b48 the bytes", example={"address": 0}, unnamed=True),
    command_row("EmbedCoordinator_Backup", c.COORDINATOR_BACKUP,
                "Read a block of the network data, which has keys in it.",
                "index:u8 number of the block", "networkData:b49 the block", example={"index": 0},
                rights=MANAGE),
    command_row("EmbedCoordinator_Restore", c.COORDINATOR_RESTORE,
                "Give a block of the network data back.", "networkData|netData:b49 the block",
                "", example={"networkData": [0] * 49}, rights=MANAGE),
    command_row("EmbedCoordinator_AuthorizeBond", c.AUTHORIZE_BOND,
                "Give addresses to prebonded nodes: to one, or to the nodes of a list.",
                "reqAddr?:u8 its address; 0 is the first free one, mid?:mid its module, "
                "nodes?:(reqAddr!:u8 address, mid!:mid module) up to eleven of them",
                _BONDED,
                example={"reqAddr": 1, "mid": _MID}, rights=MANAGE, given=_nodes, closed=True),
    command_row("EmbedCoordinator_ReadRemotelyBondedMid", c.READ_REMOTELY_BONDED_MID,
                "Which nodes have been prebonded (before DPA 4.00).", "", _PREBONDED, unnamed=True),
    command_row("EmbedCoordinator_ClearRemotelyBondedMid", c.CLEAR_REMOTELY_BONDED_MID,
                "Forget the prebonded nodes (before DPA 4.00).", rights=MANAGE, unnamed=True),
    command_row("EmbedCoordinator_EnableRemoteBonding", c.ENABLE_REMOTE_BONDING,
                "Let nodes be prebonded, or not (before DPA 4.00).", _ENABLE, "",
                example={"bondingMask": 0, "control": 1, "userData": [0, 0, 0, 0]},
                rights=MANAGE, unnamed=True),
    command_row("EmbedCoordinator_SmartConnect", c.SMART_CONNECT,
                "Bond a node by what its Smart connect code says.", _SMART_CONNECT, _BONDED,
                example={"reqAddr": 0, "bondingTestRetries": 1, "ibk": _IBK, "mid": _MID,
                "virtualDeviceAddress": 255, "userData": [0] * 4},
                rights=MANAGE, fit=fit_smart_connect),
    command_row("EmbedCoordinator_SetMID", c.SET_MID,
                "Write into the coordinator which module is at an address.",
                "mid:mid the module, bondAddr:u8 the address", "",
                example={"bondAddr": 1, "mid": _MID}, rights=MANAGE),
    command_row("EmbedNode_Read", n.NODE_READ, "What a node knows of its place in the network.",
                "", "ntwADDR:u8 address, ntwVRN:u8 virtual number, ntwZIN:u8 zone, "
                "ntwDID:u8 discovery, ntwPVRN:u8 virtual number of its parent, "
                "ntwUSERADDRESS:u16, ntwID:u16 network, ntwVRNFNZ:u8 first number of its zone, "
                "ntwCFG:u8, flags:u8 bit 0: bonded"),
    command_row("EmbedNode_RemoveBond", n.NODE_REMOVE_BOND,
                "Let a node forget its network, after it has answered.", rights=MANAGE),
    command_row("EmbedNode_ReadRemotelyBondedMid", n.NODE_READ_REMOTELY_BONDED_MID,
                "Which nodes a node has prebonded (before DPA 4.00).", "", _PREBONDED,
                unnamed=True),
    command_row("EmbedNode_ClearRemotelyBondedMid", n.NODE_CLEAR_REMOTELY_BONDED_MID,
                "Let a node forget whom it prebonded (before DPA 4.00).", rights=MANAGE,
                unnamed=True),
    command_row("EmbedNode_EnableRemoteBonding", n.NODE_ENABLE_REMOTE_BONDING,
                "Let a node prebond others, or not (before DPA 4.00).", _ENABLE, "",
                example={"bondingMask": 0, "control": 1, "userData": [0, 0, 0, 0]},
                rights=MANAGE, unnamed=True),
    command_row("EmbedNode_Backup", n.NODE_BACKUP,
                "Read a block of a node's network data, which has keys in it.",
                "index:u8 number of the block", "backupData:b49 the block", example={"index": 0},
                rights=MANAGE),
    command_row("EmbedNode_Restore", n.NODE_RESTORE, "Give a block of a node's data back.",
                "backupData:b49 the block", "", example={"backupData": [0] * 49}, rights=MANAGE),
    command_row("EmbedNode_ValidateBonds", n.VALIDATE_BONDS,
                "Name the modules of addresses; others there give up their bond.",
                "nodes:(bondAddr!:u8 address, mid!:mid module) up to eleven", "",
                example={"nodes": [{"bondAddr": 1, "mid": _MID}]}, rights=MANAGE),
)
