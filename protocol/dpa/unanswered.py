"""Requests that were given up, and what their late answers could still be taken for.

The protocol numbers nothing: an answer bears NADR, PNUM and PCMD, so a late one looks like the
answer to the next request of the same kind. The coordinator does answer in order, though, so that
an answer to something else shows which older ones will not come any more. Times are monotonic
seconds.
"""

from attrs import define, field

from protocol.dpa import commands
from protocol.dpa.packet import COORDINATOR, Confirmation, Request, Response, address_of
from protocol.dpa.timing import is_remote

REMEMBERED_S = 60.0
"""How long a node's late answer is still recognised as one."""

UNSURE = 8
"""Requests given up, after which it is found out whether the coordinator is behind."""

DOUBT_S = 2.0
"""How long a node's late answer is reckoned with when its command is sent with other data."""

_PROBES = tuple(
    call.request
    for call in (
        commands.addr_info(),
        commands.enumerate_peripherals(COORDINATOR),
        commands.bonded_devices(),
        commands.discovered_devices(),
    )
)
"""Harmless requests whose answers show what the coordinator has come to."""


@define(eq=False)
class _GivenUp:
    """A request that was not answered in time.

    `passed`: the coordinator has answered something later, so that only a node may still answer.
    """

    request: Request
    at: float
    passed: bool = False


@define(eq=False)
class Unanswered:
    """What was asked and given up on one link, the oldest first."""

    _all: list[_GivenUp] = field(factory=list)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._all)

    def clear(self) -> None:
        """Another link knows nothing of them."""
        self._all.clear()

    def add(self, request: Request, now: float) -> None:
        """`request` was given up."""
        self._all.append(_GivenUp(request, now))

    def late(self, packet: Confirmation | Response) -> Request | None:
        """The request that `packet` answers too late, which then is answered; None for none."""
        for each in self._all:
            if address_of(packet) == address_of(each.request):
                if isinstance(packet, Response):
                    self._all.remove(each)
                return each.request
        return None

    def answered(self, request: Request, now: float) -> None:
        """A later request was answered: what the coordinator was asked before, it passed over."""
        if any(address_of(each.request) == address_of(request) for each in self._all):
            return  # the answer may itself be a late one
        for each in tuple(self._all):
            each.passed = True
            if not is_remote(each.request) or each.at < now - REMEMBERED_S:
                self._all.remove(each)

    def rivals(self, request: Request, now: float) -> int:
        """How many late answers could be taken for that to `request`."""
        return len(self._rivals(request, now))

    def doubtful(self, request: Request, now: float) -> bool:
        """Whether the coordinator should answer something else before `request` is sent."""
        unsure = sum(not each.passed for each in self._all)
        return unsure >= UNSURE or any(not each.passed for each in self._rivals(request, now))

    def probe(self) -> Request | None:
        """What to have it answer; None if all of that was given up as well."""
        given_up = {address_of(each.request) for each in self._all}
        return next((probe for probe in _PROBES if address_of(probe) not in given_up), None)

    def _rivals(self, request: Request, now: float) -> list[_GivenUp]:
        alike = [
            each
            for each in self._all
            if address_of(each.request) == address_of(request)
            and (each.at > now - DOUBT_S or not each.passed)
        ]
        return alike if any(each.request != request for each in alike) else []
