"""One DPA request on its way to its outcome: who answers it, until when, and what comes of it."""

import math
from typing import TypeVar

from attrs import define, field, frozen

from protocol.dpa.call import Call
from protocol.dpa.errors import (
    BadRequestError,
    BadResponseError,
    DpaAbortedError,
    DpaError,
    DpaTimeoutError,
    InterfaceError,
    ResponseCodeError,
)
from protocol.dpa.packet import BROADCAST, Confirmation, Packet, Request, Response, address_of
from protocol.dpa.requests import execution_ms, local_timeout_ms, name_of, uses_radio
from protocol.dpa.timing import (
    DEFAULT_MS,
    Timing,
    air_ms,
    broadcast_ms,
    estimate_ms,
    is_remote,
)

T = TypeVar("T")

MARGIN_MS = 100
"""For the way of frames between the coordinator and this program, above all over a UART."""

CONFIRMATION_RESERVE_MS = 200
"""A request is confirmed this long after the air became free, at the latest."""

MAX_CLIENT_MS = 900_000
"""The longest wait a client may wish for: meanwhile the network serves nobody else."""

_OK = 0
_ERRORS = {
    error.code: error
    for error in (
        DpaTimeoutError,
        DpaAbortedError,
        InterfaceError,
        BadRequestError,
        BadResponseError,
    )
}


@frozen
class Outcome:
    """What became of a request; times are monotonic seconds, None where there was no such frame.

    `status` is 0, the response code, or a code below zero when no answer came (see DpaError). A
    broadcast succeeds without a response.
    """

    request: Request
    status: int
    confirmation: Confirmation | None
    response: Response | None
    requested_at: float
    confirmed_at: float | None
    responded_at: float | None

    def raise_for_status(self) -> None:
        """Raise the DpaError that `status` stands for, unless it is 0."""
        if self.status == _OK:
            return
        detail = f"{name_of(self.request.pnum, self.request.pcmd)} to {self.request.nadr}"
        if error := _ERRORS.get(self.status):
            raise error(detail)
        if self.status > 0:
            raise ResponseCodeError(self.status, detail)
        raise DpaError(self.status, detail)

    def value(self, call: Call[T]) -> T:
        """The answer to `call`; raises DpaError if there is none, or none that can be read."""
        self.raise_for_status()
        return call.decode(self.response.pdata if self.response else b"")


@define(eq=False)
class Transaction:
    """The life of one request from its sending on; a machine without input, output or clock.

    `now` is the moment of sending, in monotonic seconds as all times here. `timeout_ms` is the
    client's wish, brought into 500..900000: it prolongs the wait for a node's response beyond
    what the network's timing asks for, and replaces the time for a command of the coordinator
    itself. None, zero and less leave it to the timing.
    `air_free_at` is what the transaction before it has left; from the outcome on it is what this
    one leaves: until then the network is still routing, or the coordinator still at work on a
    command whose answer was given up.
    `rivals`: so many answers to other requests of the same command, given up before, come first;
    nothing in an answer tells them apart.

    Feed it frames (`receive`), time (`tick`, at `deadline` at the latest) and failures of the
    port (`fail`) until there is an `outcome`; afterwards it takes no notice any more.
    """

    request: Request
    timing: Timing
    requested_at: float = field(alias="now")
    timeout_ms: int | None = None
    air_free_at: float = -math.inf
    rivals: int = 0
    deadline: float = field(init=False)
    outcome: Outcome | None = field(init=False, default=None)
    _ready_at: float = field(init=False)
    _confirmed: tuple[Confirmation, float] | None = field(init=False, default=None)
    _early: tuple[Response, float] | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Wait for the confirmation, or for the coordinator's own answer."""
        waits = uses_radio(self.request) and self.air_free_at > self.requested_at
        self._ready_at = self.air_free_at if waits else self.requested_at
        self.air_free_at = max(self.air_free_at, self.requested_at)
        if is_remote(self.request):
            self.deadline = max(
                self.requested_at + DEFAULT_MS / 1000,
                self._ready_at + CONFIRMATION_RESERVE_MS / 1000,
            )
        elif self.timeout_ms is not None and self.timeout_ms > 0:
            self.deadline = self._ready_at + self._least_ms / 1000
        else:
            self.deadline = self._local_end

    def receive(self, packet: Packet, now: float) -> bool:
        """Take a frame from the coordinator; False if it is none of this transaction's."""
        if self.outcome is not None:
            return False
        if isinstance(packet, Request) or not self._answers(packet):
            return False
        if isinstance(packet, Confirmation):
            return self._confirm(packet, now)
        return self._respond(packet, now)

    def tick(self, now: float) -> None:
        """Let time pass: at the deadline the transaction ends as far as it has come."""
        if self.outcome is not None or now < self.deadline:
            return
        if self._confirmed and self.request.nadr == BROADCAST:
            self._finish(_OK)
        elif self._early:
            self._finish(_OK, *self._early)
        else:
            self._give_up(now)

    def fail(self, status: int, now: float) -> None:
        """End with a status below zero: the port is gone, or nobody wants the answer any more."""
        if self.outcome is None:
            self.air_free_at = max(self.air_free_at, now)
            self._finish(status)

    def _answers(self, packet: Confirmation | Response) -> bool:
        # The HWPID of a response is the device's own, that of the request often means "any".
        return address_of(packet) == address_of(self.request) and not (
            isinstance(packet, Response) and packet.asynchronous
        )

    def _confirm(self, confirmation: Confirmation, now: float) -> bool:
        if self._confirmed or not is_remote(self.request):
            return False
        self._confirmed = confirmation, now
        # What came before the confirmation answered an earlier request of the same kind.
        self._early = None
        if self.request.nadr == BROADCAST:
            self.deadline = self.air_free_at = now + broadcast_ms(confirmation) / 1000
            return True
        busy_ms = execution_ms(self.request)
        self.air_free_at = now + (air_ms(confirmation) + busy_ms) / 1000
        wait_ms = max(estimate_ms(confirmation) + busy_ms + MARGIN_MS, self._least_ms)
        self.deadline = now + wait_ms / 1000
        return True

    def _respond(self, response: Response, now: float) -> bool:
        if self.rivals:
            self.rivals -= 1
            return False
        if is_remote(self.request) and not self._confirmed and response.rcode == _OK:
            # A node answers after the confirmation only. So this is the late answer to an equal
            # request before, unless the confirmation was lost: the deadline will tell.
            self._early = response, now
            return True
        if self._confirmed and self.request.nadr == BROADCAST:
            return False
        self.air_free_at = max(now, self._routing_end(response))
        self._finish(response.rcode, response, now)
        return True

    def _give_up(self, now: float) -> None:
        self.air_free_at = max(self.air_free_at, now)
        if not is_remote(self.request) and uses_radio(self.request):
            # The coordinator is deaf until it is done, whatever the client had patience for.
            self.air_free_at = max(self.air_free_at, self._local_end)
        self._finish(DpaTimeoutError.code)

    def _finish(
        self, status: int, response: Response | None = None, responded_at: float | None = None
    ) -> None:
        confirmation, confirmed_at = self._confirmed or (None, None)
        self.outcome = Outcome(
            request=self.request,
            status=status,
            confirmation=confirmation,
            response=response,
            requested_at=self.requested_at,
            confirmed_at=confirmed_at,
            responded_at=responded_at,
        )

    def _routing_end(self, response: Response) -> float:
        if not self._confirmed:
            # Without radio of its own: what was being routed before still is.
            return self.air_free_at
        confirmation, confirmed_at = self._confirmed
        air = air_ms(confirmation, len(response.pdata)) + execution_ms(self.request)
        return confirmed_at + air / 1000

    @property
    def _least_ms(self) -> int:
        return max(DEFAULT_MS, min(self.timeout_ms or 0, MAX_CLIENT_MS))

    @property
    def _local_end(self) -> float:
        return self._ready_at + local_timeout_ms(self.request, self.timing) / 1000
