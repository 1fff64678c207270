"""AutoNetwork, the plan: waves until a limit is met, each told when it is over."""

from attrs import define, evolve, field

from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import OPTIMIZED_HOPS
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.iqmesh.auto_network import limits
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.limits import Tally
from protocol.iqmesh.auto_network.report import WaveResult, WaveState
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.auto_network.waves import Waves
from protocol.iqmesh.plan import Interim, Note, Plan, Progress, PutBack, ask, borrow, chance
from protocol.network.parameters import Parameters

PARAMETERS = Parameters(0, 0, OPTIMIZED_HOPS, OPTIMIZED_HOPS)
"""What nodes are bonded with."""

_COMPLETE = 100


@define(eq=False)
class AutoNetwork:
    """One run; `wave` is 0 until the first one begins, `result` the last that was told.

    Nothing is told as new that was not heard with its address.
    """

    settings: Settings
    wave: int = field(default=0, init=False)
    waves: Waves = field(init=False)
    result: WaveResult | None = field(default=None, init=False)
    _progress: int = field(default=0, init=False)

    @waves.default
    def _of_the_settings(self) -> Waves:
        return Waves(self.settings, self._say)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.settings.check()
        device = yield from ask(enumerate_peripherals(COORDINATOR))
        yield from self.waves.members.survey()
        bonds = self.waves.members.bonds
        code = limits.refusal(self.settings, bonds)
        if code is not None:
            self.wave = 1
            self.result = evolve(self.so_far(), code=code)
            return
        self.waves.begin(device.dpa, (yield from chance()))
        bonded = frozenset(bonds)
        yield Note(lambda: self.waves.members.changes(bonded))
        yield from borrow(PARAMETERS, prebonding=not self.settings.skip_prebonding)
        failure = None
        try:
            yield from self._waves()
        except DpaError as error:
            failure = error
            self.result = self.so_far()
        released = yield from self.waves.leave()
        self.result = evolve(self.result or self.so_far(), left=not released)
        yield PutBack(needless=False)
        if failure is not None:
            raise failure

    def so_far(self) -> WaveResult:
        """What the wave has brought until now, told as the last one."""
        waves = self.waves
        return WaveResult(
            self.wave,
            WaveCode.FINISHED,
            len(waves.members.bonds),
            dict(waves.new),
            last=True,
            silent=dict(waves.members.silent),
            refused=dict(waves.refused),
        )

    def _waves(self) -> Plan[None]:
        code, waves = WaveCode.FINISHED, self.waves
        while code is WaveCode.FINISHED:
            if self.result is not None:
                yield Interim(self.result, whole=True)
            self.wave, self._progress = self.wave + 1, 0
            yield Progress(self.wave - 1, self.settings.stop.most_waves or self.wave, state="waves")
            yield from waves.next()
            tally = Tally(self.wave, waves.empty, waves.new_before + len(waves.new))
            code = limits.ending(self.settings, waves.members.bonds, tally)
            if waves.aborted:
                code = WaveCode.TOO_MANY
            self.result = evolve(self.so_far(), code=code, last=code is not WaveCode.FINISHED)

    def _say(self, code: WaveCode) -> Plan[None]:
        yield Interim(WaveState(self.wave, code, min(self._progress, _COMPLETE - 1)))
        steps = 6 + (not self.settings.skip_discovery) + bool(self.settings.hwpids)
        self._progress += _COMPLETE // (steps + self.waves.several)
