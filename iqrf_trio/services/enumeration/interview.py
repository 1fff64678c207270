"""The questions of an enumeration, and how often each is put before it stays unanswered."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count

from attrs import evolve, field, frozen

from iqrf_trio.radio.dialogue import Dialogue
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa import frc_steps
from protocol.dpa.attempts import Attempts, nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import bonded_devices, discovered_devices
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, enumerate_peripherals
from protocol.dpa.peripherals.memory import eeeprom_read
from protocol.dpa.peripherals.os import OsInfo, os_read
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, SENSOR
from protocol.network import identity, tables
from protocol.network.network import Device, Product
from protocol.network.standards import Standards
from protocol.network.tables import Survey, Table
from protocol.queue.lanes import Priority
from protocol.standard import binary_output, sensor

log = logging.getLogger("iqrf_trio.enumeration")

ATTEMPTS = Attempts(2, link_wait_s=0.0)
"""How often a question is put."""

ONCE_MORE = evolve(ATTEMPTS, number=1)
"""For a node that kept silent when many were asked."""

Told = Callable[[str, int, int], None]
"""Is told what is being done ("FRC", "node"), how many of it are done, and how many there are."""


@frozen(eq=False)
class Interview:
    """Puts questions to the coordinator and its nodes: each transaction is a step of its own.

    Every method raises DpaError where the way to the coordinator is broken; a node that does
    not answer is no error unless it says so.
    """

    _transceiver: Transceiver
    _scheduler: Scheduler
    _dialogue: Dialogue = field(init=False)

    @_dialogue.default
    def _make_dialogue(self) -> Dialogue:
        return Dialogue(self._transceiver, self._scheduler, Priority.PROCEDURE, ATTEMPTS)

    @property
    def connected(self) -> bool:
        """Whether the coordinator can be asked."""
        return self._transceiver.connected

    async def wait_connected(self) -> None:
        """Wait until the coordinator can be asked."""
        await self._transceiver.wait_connected()

    # What the coordinator knows, read without a radio frame.

    async def survey(self) -> Survey:
        """The coordinator itself, and its tables about the nodes; raises DpaError."""
        system, peripherals = await self._who(COORDINATOR)
        bonded = await self._dialogue.ask(bonded_devices())
        discovered = await self._dialogue.ask(discovered_devices()) & bonded
        return Survey(
            coordinator=Device(
                COORDINATOR,
                system.mid,
                product=identity.product_of(system, peripherals),
                standards_known=True,
            ),
            bonded=bonded,
            discovered=discovered,
            mids=await self._table(tables.MIDS, bonded),
            vrns=await self._table(tables.VRNS, discovered),
            zones=await self._table(tables.ZONES, discovered),
            parents=await self._table(tables.PARENTS, discovered),
        )

    async def _table(self, table: Table, addresses: frozenset[int]) -> dict[int, bytes]:
        records: dict[int, bytes] = {}
        for read in table.reads(addresses):
            call = eeeprom_read(COORDINATOR, read.memory_address, read.length)
            records |= read.records(await self._dialogue.ask(call))
        return records

    # Who the nodes are: by FRC where there are many, by unicast where few are left.

    async def identify(
        self, coordinator: Device, addresses: Sequence[int], told: Told
    ) -> dict[int, Product]:
        """The products of the nodes that answer, by address; `told` is how far that is."""
        found: dict[int, Product] = {}
        attempts = ATTEMPTS
        if identity.frc_pays(coordinator, len(addresses)):
            assert coordinator.product is not None
            answers = await self._passes(addresses, told)
            found = identity.products_of_passes(answers, coordinator.product.identity)
            attempts = ONCE_MORE
        left = [address for address in addresses if address not in found]
        for number, address in enumerate(left, 1):
            try:
                found[address] = identity.product_of(*await self._who(address, attempts))
            except DpaError as error:
                _give_up(error, f"node {address} does not tell who it is")
            told("node", number, len(left))
        return found

    async def _passes(
        self, addresses: Sequence[int], told: Told
    ) -> dict[identity.Pass, Mapping[int, int]]:
        total = sum(len(step.groups(addresses)) for step in identity.PASSES)
        done = count(1)
        return {
            step: await self._pass(step, addresses, lambda: told("FRC", next(done), total))
            for step in identity.PASSES
        }

    async def _pass(
        self, step: identity.Pass, addresses: Sequence[int], passed: Callable[[], None]
    ) -> Mapping[int, int]:
        answers: dict[int, int] = dict.fromkeys(addresses, 0)
        for group in step.groups(addresses):
            read = partial(frc_steps.read, step.command, group, step.user_data)
            try:
                answers |= await self._dialogue.do(read)
            except DpaError as error:
                _give_up(error, f"no {step.name} of nodes {identity.listed(group)}")
            passed()
        return answers

    async def _who(
        self, nadr: int, attempts: Attempts = ATTEMPTS
    ) -> tuple[OsInfo, PeripheralEnumeration]:
        system = await self._dialogue.ask(os_read(nadr), attempts)
        if system.enumeration is not None:
            return system, system.enumeration
        return system, await self._dialogue.ask(enumerate_peripherals(nadr), attempts)

    # What the products can do.

    async def standards(self, nadr: int) -> Standards | None:
        """What the device tells of its standard peripherals; None where it does not tell."""
        try:
            peripherals = await self._dialogue.ask(enumerate_peripherals(nadr))
            return Standards(
                sensors=await self._dialogue.ask(sensor.enumerate_sensors(nadr))
                if peripherals.implements(SENSOR)
                else (),
                binary_outputs=await self._dialogue.ask(binary_output.count(nadr))
                if peripherals.implements(BINARY_OUTPUT)
                else 0,
                light=peripherals.implements(LIGHT),
            )
        except DpaError as error:
            _give_up(error, f"node {nadr} does not tell its standards")
            return None

    async def contradicts(self, nadr: int, told: Standards) -> bool:
        """Whether this device says otherwise about one of its standards; silence says nothing."""
        try:
            if told.sensors:
                return await self._dialogue.ask(sensor.enumerate_sensors(nadr)) != told.sensors
            if told.binary_outputs:
                return await self._dialogue.ask(binary_output.count(nadr)) != told.binary_outputs
        except DpaError as error:
            _give_up(error, f"node {nadr} does not confirm its product")
        return False


def _give_up(error: DpaError, about: str) -> None:
    """Go on without the answer, unless nobody else could be asked either."""
    if nobody_can_be_asked(error):
        raise error
    log.warning("%s: %s", about, error)
