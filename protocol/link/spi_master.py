"""The host's side of the SPI as a machine: when to look at the status, when to read and to write.

It polls tightly while an answer may come, and rarely while nothing happens. What leads to a
transfer of data is confirmed by a second equal status, because single ones may be torn.
"""

from collections import deque
from collections.abc import Callable

from attrs import define, field, frozen

from protocol.errors import RemoteProtocolError
from protocol.link import spi
from protocol.link.tr_info import LONG, SHORT, TrInfo

FIRST_POLL_S = 0.002
"""After a packet was accepted; commands of the coordinator itself take 1 to 3 ms."""

TIGHT_POLL_S, TIGHT_S = 0.001, 0.03
ACTIVE_POLL_S, ACTIVE_S = 0.002, 1.0
"""How often to look within TIGHT_S and ACTIVE_S of the last packet."""

BUSY_POLL_S = 0.005
"""How often to look afterwards at a module that is not ready: at work on a long command."""

IDLE_POLL_S = 0.025
"""How often to look at one that is. It has little to say and keeps it; each look wakes the
processor up."""

ROUTING_POLL_S = 0.010
"""How often to look while a request is on its way and nothing can have come back."""

ATTEMPTS = 3
"""How often a packet is sent that the module rejects."""

LOOKS = 4
"""Status bytes that one look may take until two in a row are equal."""

DOUBT_S = 0.1
"""How long to look for what became of a packet that ended with an odd status."""

PATIENCE_S = 3.0
"""How long a module may be unready, unless it has a command that takes longer."""

ABSENCE_S = 1.5
"""How long there may be no module; a reset takes it 0.5 s."""

STORM = 10
"""Wrong checksums in a row that are no accident."""


@frozen
class Exchange:
    """Send this, with pauses of `gap_us` between bytes, and hand what came to `shifted`."""

    packet: bytes
    gap_us: int


@frozen
class Wait:
    """Nothing to do until this time, or until there is something to send."""

    until: float


@frozen
class Watch:
    """Nothing to do as long as the module shows `status`: look at it every `pause_s`.

    Over once there is something to send, or a look shows another status, which is for `shifted`.
    """

    status: int
    gap_us: int
    pause_s: float


@define(eq=False)
class Order:
    """A message for the module. `patience_s`: what it may be busy with it."""

    frame: bytes
    patience_s: float = PATIENCE_S
    attempts: int = field(init=False, default=0)
    accepted: bool = field(init=False, default=False)
    refusal: str = field(init=False, default="")
    """Why the module did not take it."""

    @property
    def done(self) -> bool:
        """Whether its fate is known."""
        return self.accepted or bool(self.refusal)


@define(eq=False)
class Master:
    """Ask `next` what to do; times are monotonic seconds.

    `received` are the messages of the module, and `finished` the orders that are done, to be taken
    out. Once `failure` says something the module has to be reset.
    """

    slow: bool
    _now: float = field(alias="now")
    received: deque[bytes] = field(init=False, factory=deque)
    finished: deque[Order] = field(init=False, factory=deque)
    failure: str = field(init=False, default="")
    well: bool = field(init=False, default=False)
    """Whether the module was ready, or had data, when it was last looked at."""
    bad_checksums: int = field(init=False, default=0)
    tr_info: TrInfo | None = field(init=False, default=None)
    """What `introduce` has brought."""
    _orders: deque[Order] = field(init=False, factory=deque)
    _then: Callable[[bytes], None] | None = field(init=False, default=None)
    """What to do with the bytes of the exchange under way."""
    _action: tuple[bytes, Callable[[bytes], None]] | None = field(init=False, default=None)
    _looks: list[int] = field(init=False, factory=list)
    _questions: int = field(init=False, default=0)
    """How often TR info may still be asked for."""
    _due: tuple[float, float] = field(init=False, default=(0.0, 0.0))
    """When the answer comes to what is on its way."""
    _idle: bool = field(init=False, default=False)
    _watched: bool = field(init=False, default=False)
    _stretched: bool = field(init=False, default=False)
    _poll_at: float = field(init=False)
    _active_at: float = field(init=False)
    _well_at: float = field(init=False)
    _patience_s: float = field(init=False, default=PATIENCE_S)
    _doubted_at: float | None = field(init=False, default=None)
    _storm: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        """Look at once."""
        self._poll_at = self._active_at = self._well_at = self._now

    def send(self, order: Order) -> None:
        """Have a message sent as soon as the module is ready."""
        self._orders.append(order)
        self._poll_at = self._now

    def withdraw(self, order: Order) -> None:
        """Forget a message that is not done yet."""
        if order in self._orders:
            self._orders.remove(order)

    def introduce(self) -> None:
        """Have the module tell who it is, in `tr_info`; until it has, or will not, `curious`."""
        self._questions = ATTEMPTS
        self._poll_at = self._now

    @property
    def curious(self) -> bool:
        """Whether TR info is still to come."""
        return self._questions > 0

    def incurious(self) -> None:
        """Ask for TR info no more."""
        self._questions = 0

    def expect(self, first_s: float, last_s: float) -> None:
        """An answer is on its way, and here in so many seconds: at the soonest, at the latest."""
        self._due = self._now + first_s, self._now + last_s
        self._rest()

    def next(self, now: float) -> Exchange | Wait | Watch:
        """What to do now."""
        self._advance(now)
        gap_us = spi.SLOW_GAP_US if self.slow or self._stretched else spi.FAST_GAP_US
        if self._action is not None:
            packet, self._then = self._action
            self._action = None
            return Exchange(packet, gap_us)
        if self._now < self._poll_at and not self._idle:
            return Wait(self._poll_at)
        self._then = self._look
        if self._now < self._poll_at:
            self._watched = True
            return Watch(spi.READY, gap_us, IDLE_POLL_S)
        return Exchange(spi.CHECK, gap_us)

    def shifted(self, received: bytes, now: float) -> None:
        """Take what came during the exchange that `next` asked for, or at the end of a watch."""
        self._advance(now)
        self._idle = False
        then, self._then = self._then, None
        assert then is not None
        then(received)

    def _advance(self, now: float) -> None:
        self._now = max(self._now, now)
        if self._watched:  # all was well until now
            self._watched = False
            self._well_at = self._now

    # Looking.

    def _look(self, received: bytes) -> None:
        status = received[0]
        self._looks.append(status)
        ready = status in {spi.READY, spi.SLOW}
        wanted = spi.data_ready(status) or (ready and (self._sendable or self.curious))
        if wanted and self._looks[-2:] != [status, status]:
            if len(self._looks) < LOOKS:
                self._action = spi.CHECK, self._look
                return
            self._rest()
        else:
            self._settle(status)
        self._looks.clear()

    @property
    def _sendable(self) -> bool:
        return bool(self._orders) and self._doubted_at is None

    def _settle(self, status: int) -> None:
        if status in {spi.READY, spi.SLOW}:
            self._stretched = status == spi.SLOW
        self.well = bool(spi.data_ready(status)) or status in {spi.READY, spi.SLOW}
        if self._doubted_at is not None:
            self._decide(status)
        if self.well:
            self._well_at = self._now
        if length := spi.data_ready(status):
            self._action = spi.read_packet(length), self._read
        elif self.well:
            self._patience_s = PATIENCE_S
            if self.curious:
                length = LONG if self.tr_info else SHORT
                self._action = spi.info_packet(length), self._introduced
            elif self._sendable:
                self._action = spi.write_packet(self._orders[0].frame), self._written
            else:
                self._rest()
        else:
            self._worry(status)
            self._rest()

    def _worry(self, status: int) -> None:
        unwell_s = self._now - self._well_at
        absent = status == spi.NO_MODULE and unwell_s >= ABSENCE_S
        if absent or unwell_s >= self._patience_s:
            self.failure = f"{spi.status_name(status)} for {unwell_s:.1f} s"

    def _rest(self) -> None:
        """Look again later, the later the less there is to expect."""
        pause_s = self._pause_s()
        self._idle = pause_s == IDLE_POLL_S and self._looks[-1:] == [spi.READY]
        self._poll_at = self._now + pause_s

    def _pause_s(self) -> float:
        if self._orders or self.curious:
            return TIGHT_POLL_S
        first, last = self._due
        if self._now < last:
            return TIGHT_POLL_S if self._now >= first else min(ROUTING_POLL_S, first - self._now)
        quiet_s = self._now - self._active_at
        if quiet_s < TIGHT_S:
            return TIGHT_POLL_S
        if quiet_s < ACTIVE_S:
            return ACTIVE_POLL_S
        return IDLE_POLL_S if self.well else BUSY_POLL_S

    # Moving data.

    def _read(self, received: bytes) -> None:
        self._active_at = self._now
        self._due = 0.0, 0.0
        self._poll_at = self._now if self._orders else self._now + TIGHT_POLL_S
        try:
            self.received.append(spi.fetched(received))
        except RemoteProtocolError:
            self._bad_checksum("received")
        else:
            self._storm = 0
            self._patience_s = PATIENCE_S

    def _introduced(self, received: bytes) -> None:
        self._questions -= 1
        self._poll_at = self._now + TIGHT_POLL_S
        try:
            info = TrInfo.decode(spi.fetched(received))
        except RemoteProtocolError:
            return  # a module that does not know the question says anything
        more = info.keyed and not info.ibk
        self.tr_info, self._questions = info, ATTEMPTS if more else 0

    def _written(self, received: bytes) -> None:
        self._orders[0].attempts += 1
        self._doubted_at = self._now
        self._decide(spi.status_behind(received))
        if self._doubted_at is not None:
            self._poll_at = self._now + TIGHT_POLL_S

    def _decide(self, status: int) -> None:
        """What a status says about the packet just sent."""
        assert self._doubted_at is not None
        if not self._orders:  # withdrawn
            self._doubted_at = None
        elif status == spi.ACCEPTED or (
            self._now > self._doubted_at
            and (spi.data_ready(status) or status in {spi.READY, spi.SLOW})
        ):
            # Ready again counts as accepted: sent twice, a command might be executed twice.
            self._accept()
        elif status == spi.REJECTED:
            self._reject()
        elif self._now - self._doubted_at >= DOUBT_S:
            self._refuse(spi.status_name(status))

    def _accept(self) -> None:
        order = self._orders.popleft()
        order.accepted = True
        self._finish(order)
        self._storm = 0
        self._active_at = self._well_at = self._now
        self._patience_s = max(PATIENCE_S, order.patience_s)
        self._poll_at = self._now + FIRST_POLL_S

    def _reject(self) -> None:
        self._doubted_at = None
        self._poll_at = self._now + TIGHT_POLL_S
        self._bad_checksum("sent")
        if self._orders[0].attempts >= ATTEMPTS:
            self._refuse("rejected for its checksum")

    def _refuse(self, reason: str) -> None:
        order = self._orders.popleft()
        order.refusal = reason
        self._finish(order)

    def _finish(self, order: Order) -> None:
        self.finished.append(order)
        self._doubted_at = None

    def _bad_checksum(self, which: str) -> None:
        self.bad_checksums += 1
        self._storm += 1
        if self._storm >= STORM:
            self.failure = f"{STORM} wrong checksums in a row, the last one {which}"
