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
from protocol.dpa.packet import BROADCAST, Confirmation, Packet, Request, Response
from protocol.dpa.requests import (
    execution_ms,
    local_timeout_ms,
    name_of,
    shortest_ms,
    uses_radio,
)
from protocol.dpa.timing import (
    DEFAULT_MS,
    Timing,
    air_ms,
    broadcast_ms,
    estimate_ms,
    is_remote,
    soonest_ms,
)

T = TypeVar("T")

MARGIN_MS = 100
"""For the way of frames between the coordinator and this program, above all over a UART."""

CONFIRMATION_RESERVE_MS = 200
"""A request is confirmed this long after the air became free, at the latest."""

CLIENT_LIMIT_MS = 60_000
"""The longest wait that a client may ask for: meanwhile the network serves nobody else."""

EARLY_S = 0.020
"""An answer so much sooner than the model allows is another request's, if there is such a one."""

_OK = 0
_ERROR_NADR = 8
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


@frozen
class Former:
    """Earlier requests of the same NADR, PNUM and PCMD, whose answers look like this one's.

    `unanswered`: so many were given up, so that a late answer may still come to each.
    `settled`: one was answered lately, and its answer may come twice; or it was given up after an
    answer was left to a request before it, which may have been its own.
    `quick`: answers on this link come sooner than the model of the timing allows (a simulator that
    runs faster than the real time), so that their time says nothing.
    """

    unanswered: int = 0
    settled: bool = False
    quick: bool = False


NO_FORMER = Former()


@frozen
class _Answer:
    response: Response
    at: float
    read: int | None


@define(eq=False)
class Transaction:
    """The life of one request from its sending on; a machine without input, output or clock.

    `now` is the moment of sending, in monotonic seconds as all times here. `timeout_ms` is the
    time that a client asked for. The limit in force is the larger of the model's time and of what
    was asked, which counts up to `limit_ms`. None, zero and less leave it to the model.
    `air_free_at` is what the transaction before it has left; from the outcome on it is what this
    one leaves: until then the network is still routing, or the coordinator still at work on a
    command whose answer was given up.

    Nothing in an answer tells whose it is among requests of the same NADR, PNUM and PCMD, but its
    time does: no node answers before the routing of the request is over. So an answer that comes
    too early belongs to a request of `former`. If one of those is unanswered, the answer is
    rejected as that one's (`receive` returns False). If all are settled, it may be an answer that
    came twice: it is kept until nothing else can come, and then taken.

    Feed it frames (`receive`), time (`tick`, at `deadline` at the latest) and failures of the
    port (`fail`) until there is an `outcome`; afterwards it takes no notice any more.
    """

    request: Request
    timing: Timing
    requested_at: float = field(alias="now")
    timeout_ms: int | None = None
    air_free_at: float = -math.inf
    former: Former = NO_FORMER
    limit_ms: int = field(default=CLIENT_LIMIT_MS, kw_only=True)
    deadline: float = field(init=False)
    outcome: Outcome | None = field(init=False, default=None)
    rejected: int = field(init=False, default=0)
    """Answers that were left to requests of `former`."""
    strays: list[Response] = field(init=False, factory=list)
    """Answers that were kept for a while and then were not this request's after all."""
    quick: bool | None = field(init=False, default=None)
    """Whether the answer came sooner than the model allows; None if that cannot be told."""
    sent: bool = field(init=False, default=True)
    """Whether the request may have reached the coordinator."""
    remote: bool = field(init=False)
    """Whether the request leaves the coordinator."""
    radio: bool = field(init=False)
    """Whether it occupies the air."""
    _soonest_at: float = field(init=False)
    """When it is answered at the soonest, whatever the routing."""
    _ready_at: float = field(init=False)
    _confirmed: tuple[Confirmation, float] | None = field(init=False, default=None)
    _routed_from: float = field(init=False, default=math.inf)
    """When the confirmation can have come at the soonest, the lag of the loop taken off."""
    _confirmed_by: int | None = field(init=False, default=None)
    """The read that brought the confirmation."""
    _kept: _Answer | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Wait for the confirmation, or for the coordinator's own answer."""
        self.remote, self.radio = is_remote(self.request), uses_radio(self.request)
        self._soonest_at = self.requested_at + shortest_ms(self.request) / 1000
        waits = self.radio and self.air_free_at > self.requested_at
        self._ready_at = self.air_free_at if waits else self.requested_at
        self.air_free_at = max(self.air_free_at, self.requested_at)
        if self.remote:
            self.deadline = max(
                self.requested_at + DEFAULT_MS / 1000,
                self._ready_at + CONFIRMATION_RESERVE_MS / 1000,
            )
        else:
            self.deadline = max(self._local_end, self._ready_at + self._least_ms / 1000)

    @property
    def shortened(self) -> bool:
        """Whether the client asked for more time than it can have."""
        return (self.timeout_ms or 0) > self.limit_ms

    def receive(
        self, packet: Packet, now: float, *, lag_s: float = 0.0, read: int | None = None
    ) -> bool:
        """Take a frame from the coordinator; False if it is none of this transaction's.

        `lag_s`: so much sooner it may have come than it was read, as the event loop was busy.
        `read`: what came in one read of the port bears one number; None is a read of its own.
        Between frames of one read any time may have passed.
        """
        if self.outcome is not None:
            return False
        if isinstance(packet, Request) or not self._answers(packet):
            return False
        if isinstance(packet, Confirmation):
            return self._confirm(packet, now, lag_s, read)
        return self._respond(_Answer(packet, now, read))

    def tick(self, now: float) -> None:
        """Let time pass: at the deadline the transaction ends as far as it has come."""
        if self.outcome is not None or now < self.deadline:
            return
        if self._kept:
            self._take(self._kept)
        elif self._confirmed and self.request.nadr == BROADCAST:
            self._finish(_OK)
        else:
            self._give_up(now, DpaTimeoutError.code)

    def fail(self, status: int, now: float, *, sent: bool = True) -> None:
        """End with a status below zero: the port is gone, or nobody wants the answer any more.

        `sent`: whether the coordinator may have got the request.
        """
        if self.outcome is not None:
            return
        self.sent = sent
        if sent:
            self._give_up(now, status)
        else:
            self._finish(status)

    def _answers(self, packet: Confirmation | Response) -> bool:
        # The HWPID of a response is the device's own, that of the request often means "any".
        request = self.request
        if packet.nadr != request.nadr or packet.pnum != request.pnum:
            return False
        unasked = isinstance(packet, Response) and packet.asynchronous
        return packet.pcmd == request.pcmd and not unasked

    # Confirmation.

    def _confirm(
        self, confirmation: Confirmation, now: float, lag_s: float, read: int | None
    ) -> bool:
        if self._confirmed or not self.remote:
            return False
        self._confirmed = confirmation, now
        self._routed_from, self._confirmed_by = now - lag_s, read
        if self.request.nadr == BROADCAST:
            self.deadline = self.air_free_at = now + broadcast_ms(confirmation) / 1000
            return True
        busy_ms = execution_ms(self.request)
        self.air_free_at = now + (air_ms(confirmation) + busy_ms) / 1000
        wait_ms = max(self._latest_ms(confirmation), self._least_ms)
        self.deadline = now + wait_ms / 1000
        if self._kept:
            kept, self._kept = self._kept, None
            if not self._respond(kept):
                self.strays.append(kept.response)
        return True

    def _latest_ms(self, confirmation: Confirmation) -> int:
        """When the node has answered by the model, counted from the confirmation."""
        return estimate_ms(confirmation) + execution_ms(self.request) + MARGIN_MS

    # Response.

    def _respond(self, answer: _Answer) -> bool:
        if self.request.nadr == BROADCAST and (self._confirmed or answer.response.rcode == _OK):
            return False  # nobody answers a broadcast
        if self.remote and not self._confirmed:
            return self._respond_unconfirmed(answer)
        early = self._is_early(answer)
        if early and not self.former.quick:
            if self.former.unanswered > self.rejected:
                self.rejected += 1
                return False
            if self.former.settled:
                self._keep(answer)
                return True
        self._take(answer, early=early)
        return True

    def _respond_unconfirmed(self, answer: _Answer) -> bool:
        """A node answers after the confirmation only, which may be lost, or come behind it.

        An error may take the place of the confirmation: the coordinator does not know the node.
        """
        rcode, former = answer.response.rcode, self.former
        if former.unanswered > self.rejected:
            if self._is_early(answer) and not former.quick:
                self.rejected += 1
                return False
        elif rcode == _ERROR_NADR or (rcode != _OK and not former.settled):
            self._take(answer)
            return True
        self._keep(answer)
        return True

    def _is_early(self, answer: _Answer) -> bool:
        """Whether an answer came before the request can have been answered."""
        soonest_at = self._soonest_at
        if not self.remote:
            # An error may come at once.
            return answer.response.rcode == _OK and answer.at < soonest_at
        if self._confirmed is not None:
            if answer.read is not None and answer.read == self._confirmed_by:
                return False
            soonest_at = self._routed_from + soonest_ms(self._confirmed[0]) / 1000
        return soonest_at - answer.at >= EARLY_S

    def _keep(self, answer: _Answer) -> None:
        """Keep an answer until a better one comes, or none can come any more."""
        if self._kept:
            self.strays.append(self._kept.response)
        self._kept = answer
        if self._confirmed:
            confirmation, confirmed_at = self._confirmed
            latest = confirmed_at + self._latest_ms(confirmation) / 1000
            self.deadline = min(self.deadline, max(latest, answer.at))
        elif not self.remote:
            self.deadline = min(self.deadline, self._local_end)

    def _take(self, answer: _Answer, *, early: bool | None = None) -> None:
        """End with this answer; `early` where that has been found out."""
        if self._kept and self._kept is not answer:
            self.strays.append(self._kept.response)
        since = self._confirmed[1] if self._confirmed else self.requested_at
        if answer.at >= since and (self._confirmed or not self.remote):
            self.quick = self._is_early(answer) if early is None else early
        self.air_free_at = max(answer.at, self._routing_end(answer.response))
        self._finish(answer.response.rcode, answer.response, answer.at)

    # The end.

    def _give_up(self, now: float, status: int) -> None:
        self.air_free_at = max(self.air_free_at, now)
        if self.radio and not self.remote:
            # The coordinator is deaf until it is done, whoever lost patience.
            self.air_free_at = max(self.air_free_at, self._local_end)
        self._finish(status)

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
        """What the client asked for, as far as it is allowed; at least the default."""
        return max(DEFAULT_MS, min(self.timeout_ms or 0, self.limit_ms))

    @property
    def _local_end(self) -> float:
        return self._ready_at + local_timeout_ms(self.request, self.timing) / 1000
