"""Enumeration: the procedure that learns the network, step by step beside the clients' requests."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn, TypeVar

import trio
from attrs import define, field, frozen

from iqrf_trio.frc import read_frc
from iqrf_trio.scheduler import Scheduler
from iqrf_trio.store import Store, StoreError
from iqrf_trio.transceiver import Transceiver
from protocol.api.db import Step
from protocol.dpa import commands
from protocol.dpa.commands import Call, OsInfo, PeripheralEnumeration
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, SENSOR
from protocol.enumeration import identity, standards, tables
from protocol.enumeration.standards import Question, Standards
from protocol.enumeration.tables import Survey, Table
from protocol.lanes import Priority
from protocol.network import Device, Network, Product
from protocol.standard import binary_output, sensor

log = logging.getLogger("iqrf_trio.enumeration")
T = TypeVar("T")

RETRY_PAUSE_S = 0.25
"""Before asking again what got no answer."""

CANDIDATES = 3
"""How many devices of a product are tried before its standards stay unknown for now."""


class EnumerationInProgressError(Exception):
    """A client asked for an enumeration while another client's is not finished."""


@frozen
class Order:
    """One enumeration as asked for.

    `progress` is told each step, with status and text; `client` says whether somebody waits for
    it (False: launched by the gateway itself).
    """

    progress: Callable[[Step, int, str], None]
    reenumerate: bool = False
    standards: bool = False
    client: bool = True

    @property
    def with_standards(self) -> bool:
        """Whether steps 6 and 7 are part of it."""
        return self.standards or self.reenumerate


@define(eq=False)
class Enumeration:
    """Runs one enumeration at a time; the next one waits until the current is done."""

    _transceiver: Transceiver
    _scheduler: Scheduler
    _store: Store
    _current: Order | None = None
    _next: Order | None = None
    _step: Step = Step.STARTED
    _scope: trio.CancelScope = field(factory=trio.CancelScope)
    _wanted: trio.Event = field(factory=trio.Event)

    @property
    def running(self) -> bool:
        """Whether the network is being enumerated right now."""
        return self._current is not None

    def start(self, order: Order) -> None:
        """Have `order` carried out as soon as nothing else is.

        Raises EnumerationInProgressError while a client's order is waiting or running. Orders of
        the gateway itself merge into whatever waits.
        """
        if any(waiting and waiting.client for waiting in (self._current, self._next)):
            if order.client:
                raise EnumerationInProgressError
            return
        self._next = order
        self._wanted.set()

    def cancel(self) -> None:
        """End the enumeration under way after the step on the air; its order is told."""
        self._next = None
        self._scope.cancel()

    async def run(self) -> NoReturn:
        """Carry out orders for as long as the daemon lives."""
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            self._current, self._next = self._next, None
            if self._current is not None:
                try:
                    await self._carry_out(self._current)
                finally:
                    self._current = None

    async def _carry_out(self, order: Order) -> None:
        """The boundary of a procedure: whatever happens, the order ends with a last word."""
        reason = "shutting down"
        done = False
        try:
            with trio.CancelScope() as self._scope:
                await self._enumerate(order)
                done = True
            reason = "cancelled"
        except (DpaError, StoreError) as error:
            reason = str(error)
        except Exception:
            log.exception("enumeration failed in step %d", self._step)
            reason = "internal error"
        finally:
            if not done:
                log.warning("enumeration ended in step %d: %s", self._step, reason)
                order.progress(self._step, -1, reason)

    async def _enumerate(self, order: Order) -> None:
        self._report(order, Step.STARTED)
        before = self._store.network
        survey = await self._survey()
        await self._save(partial(tables.surveyed, survey=survey))
        if left_out := tables.nameless(survey, self._store.network):
            log.warning("no MID known for nodes %s: left out", identity.listed(left_out))
        self._report(order, Step.CHECKED)

        self._report(order, Step.DEVICES)
        addresses = identity.to_identify(before, self._store.network, everyone=order.reenumerate)
        products = await self._identify(addresses)
        silent = [address for address in addresses if address not in products]
        self._report(order, Step.DEVICES_DONE, silent)

        self._report(order, Step.PRODUCTS)
        await self._save(partial(identity.identified, found=products))
        self._report(order, Step.PRODUCTS_DONE)

        if order.with_standards:
            self._report(order, Step.STANDARDS)
            await self._describe(addresses if order.reenumerate else ())
            self._report(order, Step.STANDARDS_DONE)
        self._report(order, Step.FINISHED)

    def _report(self, order: Order, step: Step, silent: Sequence[int] = ()) -> None:
        self._step = step
        text = f"ok; no answer from {identity.listed(silent)}" if silent else "ok"
        order.progress(step, 0, text)

    async def _save(self, change: Callable[[Network], Network]) -> None:
        """Commit what `change` makes of the network as it is at this moment."""
        await self._store.save_network(change(self._store.network))

    # What the coordinator knows, read without a radio frame.

    async def _survey(self) -> Survey:
        system, peripherals = await self._who(COORDINATOR)
        bonded = await self._ask(commands.bonded_devices())
        discovered = await self._ask(commands.discovered_devices()) & bonded
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
            call = commands.eeeprom_read(COORDINATOR, read.memory_address, read.length)
            records |= read.records(await self._ask(call))
        return records

    # Who the nodes are: by FRC where there are many, by unicast where few are left.

    async def _identify(self, addresses: Sequence[int]) -> dict[int, Product]:
        coordinator = self._store.network.get(COORDINATOR)
        found: dict[int, Product] = {}
        if coordinator is not None and identity.frc_pays(coordinator, len(addresses)):
            for group in identity.groups(addresses):
                found |= await self._identify_group(group)
        for address in addresses:
            if address not in found:
                try:
                    found[address] = identity.product_of(*await self._who(address))
                except DpaError as error:
                    log.warning("node %d does not tell who it is: %s", address, error)
        return found

    async def _identify_group(self, group: Sequence[int]) -> dict[int, Product]:
        answers = {}
        for step in identity.PASSES:
            work = partial(read_frc, self._transceiver, step.command, group, step.user_data)
            try:
                answers[step] = await self._scheduler.perform(Priority.PROCEDURE, work)
            except DpaError as error:
                log.warning("%s of nodes %s: %s", step.name, identity.listed(group), error)
                return {}
        return identity.products_of_passes(answers)

    async def _who(self, nadr: int) -> tuple[OsInfo, PeripheralEnumeration]:
        system = await self._ask(commands.os_read(nadr))
        if system.enumeration is not None:
            return system, system.enumeration
        return system, await self._ask(commands.enumerate_peripherals(nadr))

    # What the products can do: asked once per product, checked on one more device of it.

    async def _describe(self, again: Sequence[int]) -> None:
        addresses = standards.undescribed(self._store.network) | frozenset(again)
        known = standards.already_told(self._store.network, addresses)
        await self._save(partial(standards.described, found=known))
        for question in standards.questions(self._store.network, addresses - known.keys()):
            found = await self._describe_product(question)
            await self._save(partial(standards.described, found=found))

    async def _describe_product(self, question: Question) -> dict[int, Standards]:
        for asked in question.ask[:CANDIDATES]:
            try:
                told = await self._standards(asked)
            except DpaError as error:
                log.warning("node %d does not tell its standards: %s", asked, error)
                continue
            others = question.others(asked)
            if await self._confirmed(others[:1], told):
                return dict.fromkeys((asked, *others), told)
            log.warning("nodes of HWPID %04x differ: asking each", question.identity.hwpid)
            return {asked: told} | await self._describe_each(others)
        return {}

    async def _describe_each(self, addresses: Sequence[int]) -> dict[int, Standards]:
        found = {}
        for address in addresses:
            try:
                found[address] = await self._standards(address)
            except DpaError as error:
                log.warning("node %d does not tell its standards: %s", address, error)
        return found

    async def _standards(self, nadr: int) -> Standards:
        peripherals = await self._ask(commands.enumerate_peripherals(nadr))
        return Standards(
            sensors=await self._ask(sensor.enumerate_sensors(nadr))
            if peripherals.implements(SENSOR)
            else (),
            binary_outputs=await self._ask(binary_output.count(nadr))
            if peripherals.implements(BINARY_OUTPUT)
            else 0,
            light=peripherals.implements(LIGHT),
        )

    async def _confirmed(self, witness: Sequence[int], told: Standards) -> bool:
        """Whether a further device of the product says the same; a silent one says nothing."""
        try:
            for nadr in witness:
                if told.sensors:
                    return await self._ask(sensor.enumerate_sensors(nadr)) == told.sensors
                if told.binary_outputs:
                    return await self._ask(binary_output.count(nadr)) == told.binary_outputs
        except DpaError as error:
            log.info("product not confirmed: %s", error)
        return True

    async def _ask(self, call: Call[T]) -> T:
        """One transaction as one step, tried twice."""
        work = partial(self._transceiver.call, call)
        try:
            return await self._scheduler.perform(Priority.PROCEDURE, work)
        except DpaError as error:
            log.debug("asking again: %s", error)
        await trio.sleep(RETRY_PAUSE_S)
        return await self._scheduler.perform(Priority.PROCEDURE, work)
