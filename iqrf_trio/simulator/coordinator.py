"""The simulated coordinator: a module that knows its network, and how long its commands take."""

from attrs import define, field

from iqrf_trio.simulator.bonds import Bonds
from iqrf_trio.simulator.module import Module
from iqrf_trio.simulator.peripherals.coordinator import Administration
from iqrf_trio.simulator.peripherals.frc import Collector
from iqrf_trio.simulator.peripherals.inputs_outputs import GreenLed, Pins, RedLed, Thermometer
from iqrf_trio.simulator.peripherals.memory import Eeeprom, Eeprom, Ram
from iqrf_trio.simulator.signals import phase_of
from iqrf_trio.simulator.world import World
from protocol.dpa.packet import COORDINATOR, TEMPORARY, Request
from protocol.dpa.peripherals.coordinator import BOND_NODE, OPTIMIZED_HOPS, SMART_CONNECT
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT
from protocol.dpa.requests import command_of
from protocol.dpa.timing import LOCAL_MS, Timing

_BUTTON_MS = 10_000
"""How long Bond node waits for a button."""
_PREBONDING_MS = 10_000
"""How long Smart connect takes that prebonds all it finds (seen with 30 nodes)."""


@define(eq=False, repr=False)
class Coordinator(Module):
    """The coordinator of `world`."""

    world: World = field(kw_only=True)
    bonds: Bonds = field(init=False)
    administration: Administration = field(init=False)
    collector: Collector = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Install the peripherals of a coordinator."""
        super().__attrs_post_init__()
        self.nadr = COORDINATOR
        tables = Eeeprom()
        self.bonds = Bonds(tables.image, network=self.mid)
        self.administration = Administration(self.world, self.bonds)
        self.collector = Collector(self.world, self.bonds)
        self.install(
            (
                self.administration,
                Eeprom(Eeprom.COORDINATOR_FIRST),
                tables,
                Ram(),
                RedLed(self.dpa),
                GreenLed(self.dpa),
                Pins(),
                Thermometer(None, phase_of(self.mid, 0)),
                self.collector,
            )
        )

    def timing(self) -> Timing:
        """What the timing formulas need to know of this network."""
        return Timing(
            rf_mode=self.rf_mode,
            bonded=len(self.bonds.mids),
            discovered=len(self.bonds.routes),
            frc_response_ms=self.collector.response_ms,
        )

    def duration_ms(self, request: Request, now: float) -> int:
        """How long a command of its own will take it."""
        command = command_of(request)
        if command is BOND_NODE and not any(node.button for node in self.world.strangers(now)):
            return _BUTTON_MS
        if command is SMART_CONNECT and request.pdata[:1] == bytes((TEMPORARY,)):
            return _PREBONDING_MS
        return command.simulated_ms(request.pdata, self.timing()) if command else LOCAL_MS

    def answers(self, request: Request, now: float) -> bytes:
        """Execute a command of its own; raises Refused."""
        if (request.pnum, request.pcmd) != FRC_EXTRA_RESULT.key:
            self.collector.forget()
        return self.execute(request.pnum, request.pcmd, request.hwpid, request.pdata, now)

    def hops_to(self, address: int) -> tuple[int, int]:
        """Hops to the node at `address` and back, as the confirmation tells them."""
        route = self.bonds.routes.get(address)
        best = route.vrn if route else self.bonds.hop_limit()
        hops = self.administration.hops
        return _hops(hops.request, best), _hops(hops.response, best)

    def reaches(self, address: int, hops: int) -> bool:
        """Whether a frame with so many hops comes as far as the node's parent."""
        route = self.bonds.routes.get(address)
        return route is None or hops >= route.parent_vrn

    def broadcast_hops(self) -> int:
        """Hops of a broadcast: as many as the last node to pass it on needs."""
        return _hops(self.administration.hops.request, self.bonds.hop_limit())


def _hops(setting: int, best: int) -> int:
    """Hops by the setting of Set hops: 0 and 0xFF leave it to the discovery."""
    return best if setting in (0, OPTIMIZED_HOPS) else setting - 1
