"""A simulated node: a module with an address, standards, and a place in the mesh."""

from collections.abc import Mapping

from attrs import define, field

from iqrf_trio.simulator.module import Module
from iqrf_trio.simulator.peripherals.actuators import Light, Outputs
from iqrf_trio.simulator.peripherals.inputs_outputs import (
    GreenLed,
    Pins,
    RedLed,
    SerialLine,
    Thermometer,
)
from iqrf_trio.simulator.peripherals.memory import Eeeprom, Eeprom, Ram
from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.peripherals.sensor import Sensors
from iqrf_trio.simulator.refusal import WRONG_DATA, Refused, of_length
from iqrf_trio.simulator.routes import Position, Route
from iqrf_trio.simulator.signals import Signal, Wave, phase_of
from protocol.dpa.frc import LAST_RSSI, RESPONSE_BUFFER
from protocol.dpa.peripherals.coordinator import BACKUP_BLOCK
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.peripherals.node import (
    NODE_BACKUP,
    NODE_READ,
    NODE_REMOVE_BOND,
    NODE_RESTORE,
    VALIDATE_BONDS,
    NodeInfo,
)
from protocol.dpa.pnum import FRC, NODE

_NOWHERE = Route(0, 0, 0)
_NO_ADDRESS = 0xFF
_USER_ADDRESS = 0xFFFF
_PLACE = NodeInfo.layout.size
"""Bytes of a backup in front of the identification of the network; its last one is 0."""
_BONDED = 0x01
_BOND_RECORD = 5
"""Address and MID in Validate bonds."""

_CHIP = Wave(20, 30)
"""What the thermometer on the board shows."""
_CHIP_PHASE = 32
"""Index of the thermometer among the sensors of a module, behind all that a standard allows."""


@define(eq=False, repr=False)
class Node(Module):
    """One node; set `online` to False to switch it off, `position` to move it.

    `route` is what the node was told by the last discovery, and `did` that discovery's number;
    `network` is what it shares with its coordinator since it was bonded.
    """

    position: Position = (0.5, 0.0)
    online: bool = True
    button: bool = True
    """Whether somebody presses its button, should it not be bonded."""
    frc_time: int | None = None
    """What it answers to the FRC response time event; None: as fast as its handler is."""
    thermometer: Signal | None = _CHIP
    route: Route = _NOWHERE
    did: int = 0
    network: int = 0
    chip: Thermometer = field(init=False)
    sensors: Sensors = field(init=False)
    outputs: Outputs = field(init=False)
    light: Light = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Install what its product has."""
        super().__attrs_post_init__()
        self.chip = Thermometer(self.thermometer, phase_of(self.mid, _CHIP_PHASE))
        self.sensors = Sensors(self.mid, self.product.sensors)
        self.outputs = Outputs(self.product.binary_outputs)
        self.light = Light()
        user = self.product.user
        standards = (self.sensors, self.outputs, self.light)
        self.install(
            (
                Membership(self),
                Eeprom(),
                Eeeprom(),
                Ram(),
                RedLed(self.dpa),
                GreenLed(self.dpa),
                Pins(),
                self.chip,
                FrcParticipant(),
                *((SerialLine(),) if self.product.uart else ()),
                *(standard for standard in standards if standard.pnum in user),
            )
        )

    def listens(self, now: float) -> bool:
        """Whether it is on and awake."""
        return self.online and now >= self.system.asleep_until

    def memory_after(self, pnum: int, pcmd: int, pdata: bytes, now: float) -> "MemoryView":
        """Its RAM after it has executed a request that was embedded in an FRC."""
        try:
            response = self.execute(pnum, pcmd, self.product.hwpid, pdata, now)
        except Refused as refusal:
            response = bytes((refusal.rcode, pnum))
        return MemoryView({RESPONSE_BUFFER: response, LAST_RSSI: bytes((self.rssi,))})

    def unbond(self) -> None:
        """Forget address and route."""
        self.nadr = None
        self.route = _NOWHERE


@define
class MemoryView:
    """The few places of a node's RAM that an FRC can make sense of; all else reads as zeros."""

    _regions: Mapping[int, bytes]

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes from `address` on."""
        return bytes(self._byte(address + offset) for offset in range(length))

    def _byte(self, address: int) -> int:
        for start, content in self._regions.items():
            if start <= address < start + len(content):
                return content[address - start]
        return 0


@define(eq=False)
class Membership(Peripheral):
    """The Node peripheral: what a node knows of its place in the network."""

    pnum = NODE

    node: Node

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x02, 0x38, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            NODE_READ.pcmd: lambda pdata, _: of_length(pdata, 0) + self.node_info().encode(),
            NODE_REMOVE_BOND.pcmd: lambda pdata, _: self._remove_bond(pdata),
            NODE_BACKUP.pcmd: lambda pdata, _: self._backup(of_length(pdata, 1)[0]),
            NODE_RESTORE.pcmd: lambda pdata, _: self._restore(of_length(pdata, BACKUP_BLOCK)),
            VALIDATE_BONDS.pcmd: lambda pdata, _: self._validate(pdata),
        }

    def node_info(self) -> NodeInfo:
        """The answer to Node Read."""
        node, route = self.node, self.node.route
        return NodeInfo(
            address=_NO_ADDRESS if node.nadr is None else node.nadr,
            vrn=route.vrn,
            zone=route.zone,
            did=node.did,
            parent_vrn=route.parent_vrn,
            user_address=_USER_ADDRESS,
            network_id=node.mid & 0xFFFF,
            vrn_fnz=0,
            config=2,
            flags=0 if node.nadr is None else _BONDED,
        )

    def _remove_bond(self, pdata: bytes) -> bytes:
        of_length(pdata, 0)
        self.node.unbond()
        return b""

    def _backup(self, index: int) -> bytes:
        if index != 0:
            raise Refused(WRONG_DATA)
        place = self.node_info().encode() + self.node.network.to_bytes(4, "little")
        return place.ljust(BACKUP_BLOCK, b"\0")

    def _restore(self, block: bytes) -> bytes:
        info = NodeInfo.decode(block)
        self.node.nadr = info.address if info.bonded else None
        self.node.did = info.did
        self.node.network = int.from_bytes(block[_PLACE : _PLACE + 4], "little")
        self.node.route = Route(info.vrn, info.zone, info.parent_vrn)
        return b""

    def _validate(self, pdata: bytes) -> bytes:
        for start in range(0, len(pdata), _BOND_RECORD):
            address, mid = pdata[start], pdata[start + 1 : start + _BOND_RECORD]
            if address == self.node.nadr and int.from_bytes(mid, "little") != self.node.mid:
                self.node.unbond()
        return b""


class FrcParticipant(Peripheral):
    """The FRC peripheral of a node: it is there, but only coordinators take commands for it."""

    pnum = FRC

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x0E, 0x37, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {}
