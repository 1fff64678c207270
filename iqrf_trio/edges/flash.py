"""A serial NOR flash on the host's SPI bus: the only place that uses pyspiflash.

pyspiflash knows the chips: their sizes by JEDEC id, their commands, and how long those take. It
waits by sleeping, so all calls here block and belong into a worker thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, Self

from attrs import define, frozen

from iqrf_trio.edges.ports import PortError
from protocol.vault.geometry import Erase, Geometry, Operation, Program, Read, RingError

LONGEST = 4096
"""Bytes of one transfer: what spidev's buffer holds (module parameter bufsiz)."""


class FlashError(Exception):
    """The chip is missing, unknown, or does not do what it should; the text says which."""


class Bus(Protocol):
    """A device on an SPI bus."""

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        """Exchange bytes, chip select low throughout; raises PortError."""

    def close(self) -> None:
        """Let go of the device."""


@define(eq=False)
class FlashPort:
    """What pyspiflash takes for the SPI port of its own adapters; never faster than `limit_hz`."""

    _bus: Bus
    limit_hz: float
    frequency: float = 0.0

    def __attrs_post_init__(self) -> None:
        """Begin as fast as allowed."""
        self.set_frequency(self.limit_hz)

    def set_frequency(self, frequency: float) -> None:
        """Choose a clock; the chips' own limits are far above what wires carry."""
        self.frequency = min(frequency, self.limit_hz)

    def exchange(self, out: bytes, readlen: int = 0) -> bytes:
        """Send `out`, then read `readlen` bytes, in one transfer."""
        if len(out) + readlen > LONGEST:
            raise FlashError(f"{len(out) + readlen} bytes exceed a transfer of {LONGEST}")
        sent = bytes(out) + bytes(readlen)
        return self._bus.transfer(sent, int(self.frequency))[len(out) :]


@frozen
class _Controller:
    """What pyspiflash takes for an SPI adapter."""

    port: FlashPort

    def get_port(self, _chip_select: int, _frequency: float | None = None) -> FlashPort:
        return self.port


@define(eq=False)
class Flash:
    """A chip that was recognised; every method blocks, and raises FlashError."""

    name: str
    geometry: Geometry
    _device: Any
    _bus: Bus

    @classmethod
    def detect(cls, bus: Bus, limit_hz: float, limit: int = 0) -> Self:
        """Recognise the chip on `bus`, which is closed if there is none.

        `limit_hz` bounds the clock; `limit` the bytes that are used, 0 for all.
        """
        try:
            manager = _manager()
            with _translated():
                controller = _Controller(FlashPort(bus, limit_hz))
                device = manager.get_from_controller(controller, freq=limit_hz)
                geometry = Geometry(
                    size=len(device),
                    erase_size=device.get_erase_size(),
                    page_size=device.get_size("page"),
                    limit=limit,
                )
                return cls(str(device), geometry, device, bus)
        except BaseException:
            bus.close()
            raise

    def perform(self, operation: Operation) -> bytes:
        """Do one operation; what a Read has read, else nothing."""
        with _translated():
            match operation:
                case Read(address, length):
                    return bytes(self._device.read(address, length))
                case Program(address, data):
                    self._device.write(address, data)
                case Erase(address, length):
                    self._device.erase(address, length)
        return b""

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()


def _manager() -> Any:
    try:
        # It loads a whole USB stack.
        from spiflash.serialflash import SerialFlashManager  # noqa: PLC0415
    except ImportError as error:
        raise FlashError(
            "the flash needs pyspiflash; install iqrf-trio with the extra [vault]"
        ) from error
    return SerialFlashManager


@contextmanager
def _translated() -> Iterator[None]:
    from spiflash.serialflash import SerialFlashError  # noqa: PLC0415

    try:
        yield
    except SerialFlashError as error:
        raise FlashError(f"flash: {error}") from error
    except (PortError, RingError) as error:
        raise FlashError(str(error)) from error
