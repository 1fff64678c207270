"""Which enumeration runs when: those of clients, at the launch, and after changes of the bonds."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import NoReturn

import trio
from attrs import define, field, frozen

from iqrf_trio.services.enumeration.interview import Interview
from iqrf_trio.services.enumeration.procedure import Procedure
from iqrf_trio.services.progress import Meter
from iqrf_trio.store import Store, StoreError
from protocol.api.db import Step
from protocol.dpa.errors import DpaError
from protocol.dpa.transaction import Outcome
from protocol.network.catalogue import Catalogue
from protocol.network.pace import Pace
from protocol.network.triggers import changes_network, corrected_mid
from protocol.queue.scheduling import QueueClosed

log = logging.getLogger("iqrf_trio.enumeration")

QUIET_S = 3.0
"""How long the bonds must have been left alone before the network is looked at again."""

LINK_PATIENCE_S = 10.0
"""How long an enumeration that nobody waits for lets a coordinator take to come up."""

DUE_SETTING = "enumeration.due"
"""Whether the bonds have changed and the network was not looked at since."""

RETRY_S, LONGEST_RETRY_S = 10.0, 600.0
"""After a run of the gateway's own failed; the pause doubles with each further one."""

Steps = Callable[[Step, int, str], None]
"""Is told each step with status and text; the last one is FINISHED, or has a status below 0."""


class EnumerationInProgressError(Exception):
    """A client asked for an enumeration while another client's is not finished."""


@frozen
class Order:
    """One enumeration as asked for; `client` says whether somebody waits for it."""

    progress: Steps
    reenumerate: bool = False
    standards: bool = False
    client: bool = True
    within: Callable[[Pace], None] = lambda _: None
    """Is told how far it is within a step."""

    @property
    def with_standards(self) -> bool:
        """Whether steps 6 and 7 are part of it."""
        return self.standards or self.reenumerate

    def covers(self, other: "Order") -> bool:
        """Whether who wanted `other` is content with this."""
        return self.reenumerate >= other.reenumerate and self.with_standards >= other.with_standards


@define(eq=False)
class Enumeration:
    """Runs one enumeration at a time; the next one waits until the current is done.

    `unasked` is told of those that no client ordered. With `after_bonding` a change of the bonds,
    whoever made it, is followed by one. What the gateway wants for itself is due until it is done:
    a run that failed is repeated, and without a module it is waited for one.
    `on_change` is called whenever `running` has changed.
    """

    _interview: Interview
    _store: Store
    _unasked: Steps
    _catalogue: Catalogue = field(factory=Catalogue)
    _after_bonding: bool = True
    on_change: Callable[[], None] = field(default=lambda: None, init=False)
    _current: Order | None = field(default=None, init=False)
    _ordered: Order | None = field(default=None, init=False)
    _own: Order | None = field(default=None, init=False)
    _own_due: float = field(default=math.inf, init=False)
    _owed: Order | None = field(default=None, init=False)
    """What the gateway wanted and the current run brings, if it succeeds."""
    _failures: int = field(default=0, init=False)
    """Runs in a row that did not bring what the gateway wanted."""
    _corrected: dict[int, int] = field(factory=dict, init=False)
    """MIDs by address that were put right in the coordinator and are not in the store yet."""
    _due_kept: bool = field(default=False, init=False)
    """What is stored under DUE_SETTING."""
    _step: Step = field(default=Step.STARTED, init=False)
    _scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _wake: trio.Event = field(factory=trio.Event, init=False)

    @property
    def running(self) -> bool:
        """Whether the network is being enumerated right now."""
        return self._current is not None

    def start(self, order: Order) -> None:
        """Carry out a client's order as soon as nothing else is.

        Raises EnumerationInProgressError while another client's is waiting or running.
        """
        if self._ordered is not None or (self._current is not None and self._current.client):
            raise EnumerationInProgressError
        self._ordered = order
        self._wake.set()

    def launch(self) -> None:
        """Have everything enumerated anew, as nobody knows what happened meanwhile."""
        self._want(Order(self._unasked, reenumerate=True, client=False), trio.current_time())

    def observe(self, outcome: Outcome) -> None:
        """Take note of a transaction, whoever's it was; changes of the bonds have consequences."""
        self._corrected |= corrected_mid(outcome)
        if changes_network(outcome):
            self.bonds_changed()

    def responding(self, node: int) -> bool:
        """Whether the node has answered when it was asked last; of a new one nothing is known."""
        device = self._store.network.get(node)
        return device is None or device.responding

    def mid_of(self, node: int) -> int:
        """The MID of the node, 0 where it is not known."""
        device = self._store.network.get(node)
        return 0 if device is None else device.mid

    def bonds_changed(self) -> None:
        """Have the bonds compared: they may have changed while nobody looked."""
        if self._after_bonding:
            due = trio.current_time() + QUIET_S
            self._want(Order(self._unasked, standards=True, client=False), due)

    async def keep_changes(self, corrected: Mapping[int, int]) -> None:
        """Store MIDs by address that were put right in the coordinator, and whether a change of
        the bonds has to be looked at, so that the next start does it. Raises StoreError.
        """
        if corrected:
            await self._store.correct_mids(corrected)
        await self._keep_due()

    async def resume(self) -> None:
        """What was due when the gateway ended is due now. Raises StoreError."""
        self._due_kept = await self._store.setting(DUE_SETTING) is True
        if self._due_kept:
            self.bonds_changed()

    def cancel(self) -> None:
        """End all that runs or waits, after the step on the air; each order is told."""
        self._own, self._own_due, self._owed = None, math.inf, None
        self._drop("cancelled")
        self._scope.cancel()

    async def run(self) -> NoReturn:
        """Carry out orders for as long as the daemon lives."""
        try:
            while True:
                await self._carry_out(await self._next())
                await self._try_to_keep_due()
        finally:
            self._drop("shutting down")

    def _want(self, order: Order, due: float) -> None:
        """Add to what the gateway itself wants to know; `due` replaces the time it had so far."""
        if self._own is None or not self._own.covers(order):
            self._own = order
        self._own_due = due
        self._wake.set()

    def _drop(self, reason: str) -> None:
        """Tell who still waits that it will not happen."""
        dropped, self._ordered = self._ordered, None
        if dropped is not None:
            dropped.progress(Step.STARTED, -1, reason)

    async def _next(self) -> Order:
        """The next order: a client's, or, when it is due, the gateway's own."""
        while True:
            self._wake = trio.Event()
            if self._ordered is not None:
                order, self._ordered = self._ordered, None
                break
            if self._own is not None and self._own_due <= trio.current_time():
                if not self._failures or self._interview.connected:
                    order = self._own
                    break
                # It was told already that there is no module.
                self._own_due = trio.current_time() + RETRY_S
            await self._try_to_keep_due()
            with trio.move_on_at(self._own_due):
                await self._wake.wait()
        self._owed = None
        if self._own is not None and order.covers(self._own):
            self._owed, self._own, self._own_due = self._own, None, math.inf
        return order

    def _settle(self, *, done: bool) -> None:
        """What the gateway wanted for itself is done, or is due again later."""
        owed, self._owed = self._owed, None
        if owed is None:
            return
        if done:
            self._failures = 0
            return
        pause_s = min(RETRY_S * 2**self._failures, LONGEST_RETRY_S)
        self._failures += 1
        self._want(owed, min(self._own_due, trio.current_time() + pause_s))

    async def _carry_out(self, order: Order) -> None:
        """The boundary of a procedure: whatever happens, the order ends with a last word."""
        self._current, self._step = order, Step.STARTED
        self.on_change()
        reason: str | None = "shutting down"
        try:
            with trio.CancelScope() as self._scope:
                await self._enumerate(order)
                reason = None
            if self._scope.cancelled_caught:
                reason = "cancelled"
        except QueueClosed:
            pass
        except (DpaError, StoreError) as error:
            reason = str(error)
        except Exception:
            log.exception("enumeration failed in step %d", self._step)
            reason = "internal error"
        finally:
            self._current = None
            self._settle(done=reason is None)
            self.on_change()
            if reason is not None:
                log.warning("enumeration ended in step %d: %s", self._step, reason)
                order.progress(self._step, -1, reason)

    async def _enumerate(self, order: Order) -> None:
        def reached(step: Step, told: str) -> None:
            self._step = step
            order.progress(step, 0, told)

        if not order.client:
            with trio.move_on_after(LINK_PATIENCE_S):
                await self._interview.wait_connected()
        await self._note_corrected()
        told = Meter("enumeration", order.within, log).told
        procedure = Procedure(self._interview, self._store, self._catalogue, reached, told)
        await procedure.run(everyone=order.reenumerate, with_standards=order.with_standards)

    async def _keep_due(self) -> None:
        """Store whether a change of the bonds has to be looked at; raises StoreError."""
        wanted = self._own or self._owed
        due = wanted is not None and not wanted.reenumerate
        if due != self._due_kept:
            await self._store.save_setting(DUE_SETTING, due)
            self._due_kept = due

    async def _try_to_keep_due(self) -> None:
        try:
            await self._keep_due()
        except StoreError as error:
            log.debug("it is not stored that an enumeration is due: %s", error)

    async def _note_corrected(self) -> None:
        """Have the store know devices by their right MIDs; raises StoreError, and tries again."""
        corrected = dict(self._corrected)
        if corrected:
            await self._store.correct_mids(corrected)
            left = self._corrected.items() - corrected.items()
            self._corrected = dict(left)
