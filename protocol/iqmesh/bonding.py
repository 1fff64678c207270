"""BondNodeLocal and SmartConnect: a node enters the network, and says who it is."""

from abc import abstractmethod
from functools import partial

from attrs import define, field

from protocol.dpa import step as steps
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError, ResponseCodeError
from protocol.dpa.packet import MAX_NODE
from protocol.dpa.peripherals.coordinator import Bonded, bond_node, bonded_devices, smart_connect
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, enumerate_peripherals
from protocol.dpa.peripherals.os import OsInfo, os_read
from protocol.dpa.step import Step
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.iqrf_code import BadCodeError, IqrfCode
from protocol.iqmesh.plan import Note, Pause, Plan, ProductName, ask, do, name, version
from protocol.iqmesh.statuses import BAD_PARAMETERS, ServiceFailure
from protocol.network.parameters import Parameters

ADDRESS_TAKEN = 1003
NETWORK_FULL = 1004

SETTLE_S = 0.25
"""What a new node is given before it is asked."""


@define(eq=False)
class Identity:
    """Who a device is: one transaction, or, before DPA 4.10, two."""

    address: int
    info: OsInfo | None = field(default=None, init=False)
    enumeration: PeripheralEnumeration | None = field(default=None, init=False)
    name: ProductName = field(factory=ProductName, init=False)

    def plan(self) -> Plan[None]:
        """Ask the device."""
        self.info = yield from ask(os_read(self.address))
        self.enumeration = self.info.enumeration
        if self.enumeration is None:
            self.enumeration = yield from ask(enumerate_peripherals(self.address))
        self.name = yield from name(self.enumeration.hwpid)


@define(eq=False)
class _Bonding:
    """A node is bonded to `address`, 0 for the first one that is free.

    `retries` are the FRCs by which the coordinator tests the new bond. `bonded` is None until the
    node is in the network; should it not say then who it is, it stays there all the same.
    """

    address: int
    retries: int = 1
    bonded: Bonded | None = field(default=None, init=False)
    identity: Identity | None = field(default=None, init=False)
    _before: frozenset[int] = field(default=frozenset(), init=False)
    _in_doubt: bool = field(default=False, init=False)
    """Whether an attempt was made of which nobody knows what came of it."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        before = yield from ask(bonded_devices())
        if self.address in before:
            raise ServiceFailure(
                ADDRESS_TAKEN, "Requested address is already assigned to another device."
            )
        if not self.address and len(before) >= MAX_NODE:
            raise ServiceFailure(
                NETWORK_FULL, "No available address to assign to a new node found."
            )
        self._before = before
        yield Note(self._changes)
        self.bonded = yield from self._admit(before)
        yield Pause(SETTLE_S)
        self.identity = Identity(self.bonded.address)
        yield from self.identity.plan()

    def _changes(self) -> BondChanges:
        if self.bonded is None:
            return BondChanges(self._before, unanswered=self._in_doubt)
        info = self.identity and self.identity.info
        mid = info.mid if info else self._expected()
        return BondChanges(self._before, joined={self.bonded.address: mid})

    def _expected(self) -> int:
        """The MID that the node ought to have, 0 where nobody knows it."""
        return 0

    @abstractmethod
    def _bond(self) -> Plan[Bonded]:
        """The transaction that bonds the node."""

    def _admit(self, before: frozenset[int]) -> Plan[Bonded]:
        try:
            return (yield from self._bond())
        except DpaError:
            if not self._in_doubt:
                raise
            # An answer was lost: the coordinator refuses to bond the same node once more.
            after = yield from ask(bonded_devices())
            self._in_doubt = False
            if len(after - before) != 1:
                raise
            (address,) = after - before
            return Bonded(address, len(after))

    def _attempt(self, call: Call[Bonded]) -> Step[Bonded]:
        try:
            # It is known even if the plan was cut off.
            self.bonded = yield from steps.ask(call)
            return self.bonded
        except ResponseCodeError:
            raise
        except DpaError:
            self._in_doubt = True
            raise


@define(eq=False)
class BondNodeLocal(_Bonding):
    """The node whose button is pressed."""

    def _bond(self) -> Plan[Bonded]:
        return do(partial(self._attempt, bond_node(self.address, self.retries)))


@define(eq=False, kw_only=True)
class SmartConnect(_Bonding):
    """The node with this IQRF code; `user_data` are four bytes for its handler."""

    code: str
    user_data: bytes = bytes(4)

    def plan(self, known: Parameters) -> Plan[None]:
        """See Service."""
        self._device()
        yield from _Bonding.plan(self, known)

    def _device(self) -> tuple[int, bytes]:
        """MID and key of the node; raises ServiceFailure for a code that does not tell them."""
        try:
            code: IqrfCode = iqrf_code.decode(self.code)
        except BadCodeError as error:
            raise ServiceFailure(BAD_PARAMETERS, str(error)) from None
        if code.mid is None or code.ibk is None:
            raise ServiceFailure(BAD_PARAMETERS, "IQRF Code does not contain the MID and the IBK.")
        return code.mid, code.ibk

    def _expected(self) -> int:
        return self._device()[0]

    def _bond(self) -> Plan[Bonded]:
        mid, ibk = self._device()
        dpa = yield from version()
        call = smart_connect(
            self.address, self.retries, ibk, mid, dpa=dpa, user_data=self.user_data
        )
        return (yield from do(partial(self._attempt, call)))
