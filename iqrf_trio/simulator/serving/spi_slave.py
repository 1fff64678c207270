"""A simulated module as the host's SPI sees it: a slave that answers byte by byte."""

from collections import deque
from collections.abc import Callable

from attrs import define, field

from iqrf_trio.simulator.serving.bus_faults import BusFault, BusFaults
from protocol.link import spi

WORK_S = 0.0005
"""How long a packet keeps the buffer before the module has taken it over."""

REJECTION_S = 0.002
"""How long the module shows that it rejected a packet."""

_NOISE = 0xA5


@define(eq=False)
class SpiSlave:
    """Selected, shifted byte by byte, released. Times are seconds of the module's own clock.

    `deliver` is given each message of the host, with the time. `hurried` counts bytes that came
    sooner than the module can cope with; they are torn.
    """

    deliver: Callable[[bytes, float], None]
    faults: BusFaults = field(factory=BusFaults)
    info: Callable[[], bytes] = bytes
    """TR info; a module without any answers the question with a wrong checksum."""
    hurried: int = field(init=False, default=0)
    shifted: int = field(init=False, default=0)
    blocked: bool = field(init=False, default=False)
    """While the module executes a command during which it serves no SPI."""
    off_until: float = field(init=False, default=0.0)
    _queue: deque[bytes] = field(init=False, factory=deque)
    _seen: bytearray = field(init=False, factory=bytearray)
    _shown: tuple[int, float] = field(init=False, default=(spi.READY, 0.0))
    _garbles: bool = field(init=False, default=False)

    def offer(self, frame: bytes) -> None:
        """Have a message for the host."""
        if self.faults.mode is not BusFault.SILENT:
            self._queue.append(frame)

    def restart(self, until: float) -> None:
        """Serve nothing until then, and forget what was to be fetched."""
        self.off_until = until
        self.blocked = False
        self._queue.clear()
        self._seen.clear()

    def status(self, now: float) -> int:
        """What a check shows."""
        if self.faults.mode is BusFault.STUCK:
            return self.faults.status
        if now < self.off_until:
            return spi.DISABLED
        shown, until = self._shown
        if now < until:
            return shown
        if self.blocked or self.faults.mode is BusFault.BUSY:
            return spi.ACCEPTED
        if self._queue:
            return spi.status_of_data(len(self._queue[0]))
        return spi.SLOW if self.faults.mode is BusFault.SLOW else spi.READY

    def select(self) -> None:
        """Chip select falls."""
        self._seen.clear()

    def shift(self, byte: int, gap_us: float, now: float) -> int:
        """Exchange a byte, `gap_us` after the one before."""
        self.shifted += 1
        needed_us = spi.SLOW_GAP_US if self.faults.mode is BusFault.SLOW else spi.FAST_GAP_US
        if gap_us < needed_us and self.shifted > 1:
            self.hurried += 1
            byte ^= _NOISE
        self._seen.append(byte)
        if self._seen[0] == 0 or len(self._seen) <= 2:
            return self._checked(now)
        return self._packet(now)

    def _checked(self, now: float) -> int:
        status = self.status(now)
        torn = len(self._seen) == 1 and self.faults.strikes(BusFault.GLITCH)
        return status ^ _NOISE if torn else status

    def _packet(self, now: float) -> int:
        """The answer to the latest byte of a packet."""
        length, index = self._seen[1] & 0x7F, len(self._seen) - 1
        if not 1 <= length <= spi.MAX_DATA or index > length + 2:
            return self.status(now)
        if index == 2:
            self._garbles = self.faults.strikes(BusFault.GARBLED)
        data = self._data(length)
        if index < length + 2:
            return data[index - 2]
        crcs = spi.checksum(self._seen[1:2] + data)
        self._end(length, now)
        nonsense = self._garbles or (self._asked and len(self.info()) < length)
        return crcs ^ _NOISE if nonsense else crcs

    @property
    def _asked(self) -> bool:
        """Whether the packet under way asks for TR info."""
        return self._seen[0] == spi.INFO_COMMAND

    def _data(self, length: int) -> bytes:
        if self._asked:
            return self.info().ljust(length, b"\0")[:length]
        head = self._queue[0] if self._queue else b""
        return head.ljust(length, b"\0")[:length]

    def _end(self, length: int, now: float) -> None:
        """The host has sent its checksum."""
        if self.status(now) in {spi.ACCEPTED, spi.DISABLED} or self.faults.mode is BusFault.STUCK:
            return
        writes = bool(self._seen[1] & 0x80)
        if spi.checksum(self._seen) or (writes and self._garbles):
            self._shown = spi.REJECTED, now + REJECTION_S
            return
        self._shown = spi.ACCEPTED, now + WORK_S
        if self._asked:
            return
        if writes:
            self.deliver(bytes(self._seen[2:-1]), now)
        elif self._queue and len(self._queue[0]) == length:
            self._queue.popleft()
