"""What was asked on a link before, as far as its answers could be taken for those to others.

The protocol numbers nothing: an answer bears NADR, PNUM and PCMD, its key, so a late or doubled
one looks like the answer to the next request of the same key. Two things help. The coordinator
answers in order, so that an answer to something else shows which older ones will not come any
more from it. And no node answers before its request was routed to it (see Transaction). Times are
monotonic seconds.
"""

from attrs import define, field

from protocol.dpa.packet import BROADCAST, COORDINATOR, Confirmation, Request, Response, address_of
from protocol.dpa.peripherals.coordinator import addr_info, bonded_devices, discovered_devices
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.requests import uses_radio
from protocol.dpa.timing import is_remote
from protocol.dpa.transaction import Former, Transaction

REMEMBERED_S = 60.0
"""How long the late answer of a node is reckoned with."""

DOUBLED_S = 10.0
"""How long it is reckoned with that an answer comes a second time."""

UNSURE = 8
"""Requests given up, after which it is found out whether the coordinator is behind."""

PACE_CHANGED = {True: 1, False: 100}
"""So many answers in a row that are not too quick show that the model of the timing holds again:
those of nodes (True), and those of the coordinator alone. Of these the soonest moment is only 1 ms
behind the request, and a busy machine reads the answer of a quick coordinator later than that."""

_PROBES = tuple(
    call.request
    for call in (
        addr_info(),
        enumerate_peripherals(COORDINATOR),
        bonded_devices(),
        discovered_devices(),
    )
)
"""Harmless requests whose answers show what the coordinator has come to."""

_Key = tuple[int, int, int]


@define(eq=False)
class _GivenUp:
    """A request that was not answered in time.

    `passed`: the coordinator has answered something later, or had confirmed it, so that only a
    node may still answer.
    `rival`: its answer may be taken for another's. It is none if an answer of its key came while
    it was waited for, and was left to a request before it: else one lost answer would have each
    request fail the next one, without end.
    `suspected`: an answer was taken by another request that may have been its.
    """

    request: Request
    at: float
    passed: bool
    rival: bool
    suspected: bool = False

    @property
    def by_node(self) -> bool:
        """Whether a node answers it, rather than the coordinator, or nobody."""
        return is_remote(self.request) and self.request.nadr != BROADCAST


@define(eq=False)
class Unanswered:
    """What was asked and given up on one port, the oldest first, and what was answered lately.

    `real_time`: whether answers take the time that the radio takes. Where they do not, as with a
    simulated mesh that runs faster, no answer can be too early; where that is not known beforehand,
    answers that can be nobody else's show it.
    """

    real_time: bool = True
    _all: list[_GivenUp] = field(factory=list)
    _answered: dict[_Key, float] = field(factory=dict)
    """When, by key, the ones of longest ago first."""
    _quick: dict[tuple[bool, bool], int] = field(factory=dict)
    """Classes of requests that are answered sooner than the model of the timing allows, each with
    the answers in a row that would show the opposite."""

    def __len__(self) -> int:
        """How many were given up and are remembered."""
        return len(self._all)

    def relinked(self) -> None:
        """There is a new link: what the coordinator itself was asked before, it does not answer.

        A node may: it does not know how the gateway reaches the coordinator.
        """
        self._all = [each for each in self._all if each.by_node]
        for each in self._all:
            each.passed = True
        self._quick.clear()

    def former(self, request: Request, now: float) -> Former:
        """What `request`, which is about to be sent, shares its key with."""
        self._forget(now)
        alike = self._alike(request)
        unanswered = len([each for each in alike if each.rival]) if alike else 0
        quick = bool(self._quick) and _class_of(request) in self._quick
        return Former(
            unanswered=unanswered,
            settled=address_of(request) in self._answered or len(alike) > unanswered,
            quick=quick or not self.real_time,
        )

    def finished(self, transaction: Transaction, now: float) -> None:
        """Learn from a transaction that has its outcome."""
        outcome, request = transaction.outcome, transaction.request
        assert outcome is not None
        self._forget(now)
        self._judge_pace(transaction)
        if outcome.confirmation is not None or outcome.response is not None:
            self._passed(request)
        if outcome.response is not None:
            # The oldest ones stay in front.
            self._answered.pop(address := address_of(request), None)
            self._answered[address] = now
        elif outcome.status < 0 and transaction.sent:
            self._add(request, now, transaction, passed=outcome.confirmation is not None)

    def late(self, packet: Confirmation | Response) -> Request | None:
        """The request that `packet` answers too late, which then is answered; None for none."""
        alike = self._alike(packet)
        # Those that an answer can still be taken for come first, as they need it most.
        for each in sorted(alike, key=lambda each: not each.rival):
            if isinstance(packet, Response):
                self._all.remove(each)
            return each.request
        return None

    def suspect(self, request: Request) -> tuple[float, bool] | None:
        """Whether the answer just taken for that to `request` may be a late one to another request.

        If so, when that one was given up, and whether it is suspected for the first time: a lost
        answer throws suspicion on all that follow.
        """
        if not self._all:
            return None
        for each in self._alike(request):
            first, each.suspected = not each.suspected, True
            return each.at, first
        return None

    def doubtful(self, request: Request) -> bool:
        """Whether the coordinator should answer something else before `request` is sent."""
        if not self._all:
            return False
        unsure = sum(not each.passed for each in self._all)
        return unsure >= UNSURE or any(not each.passed for each in self._alike(request))

    def probe(self) -> Request | None:
        """What to have it answer; None if all of that was given up as well."""
        given_up = {address_of(each.request) for each in self._all}
        return next((probe for probe in _PROBES if address_of(probe) not in given_up), None)

    def _alike(self, packet: Request | Confirmation | Response) -> list[_GivenUp]:
        if not self._all:
            return []  # as nearly always
        return [each for each in self._all if address_of(each.request) == address_of(packet)]

    def _add(self, request: Request, now: float, transaction: Transaction, *, passed: bool) -> None:
        if request.nadr == BROADCAST and passed:
            return
        self._all.append(_GivenUp(request, now, passed, rival=not transaction.rejected))

    def _passed(self, request: Request) -> None:
        """The coordinator reacted to `request`: what it was asked before, it has done with."""
        if not self._all or any(not each.passed for each in self._alike(request)):
            return  # the reaction may itself be a late one
        for each in self._all:
            each.passed = True
        self._all = [each for each in self._all if each.by_node]

    def _judge_pace(self, transaction: Transaction) -> None:
        """Answers that can be nobody else's show whether the model of the timing holds."""
        if transaction.quick is None or not (transaction.quick or self._quick):
            return
        kind = transaction.remote, transaction.radio
        if transaction.quick:
            if not transaction.former.unanswered:
                self._quick[kind] = PACE_CHANGED[transaction.remote]
        elif kind in self._quick:
            self._quick[kind] -= 1
            if not self._quick[kind]:
                del self._quick[kind]

    def _forget(self, now: float) -> None:
        if self._all:
            self._all = [
                each for each in self._all if not each.passed or now - each.at < REMEMBERED_S
            ]
        while self._answered and now - self._answered[oldest := next(iter(self._answered))] >= (
            DOUBLED_S
        ):
            del self._answered[oldest]


def _class_of(request: Request) -> tuple[bool, bool]:
    """What is answered alike in time: by nodes, with the radio, by the coordinator alone."""
    return is_remote(request), uses_radio(request)
