"""What can be made to go wrong on the way of bytes between a gateway and a simulated module."""

from enum import Enum

from attrs import define, field


class BusFault(Enum):
    """A mode of a bus; which kinds have it stands in brackets."""

    NONE = "everything works"
    SILENT = "messages are taken and nothing ever comes back [all]"
    GARBLED = "checksums are wrong, in both directions [spi, uart]"
    BUSY = "messages are not taken [spi, cdc]"
    STUCK = "the status never changes from `status` [spi]"
    SLOW = "SPI is not served in the background [spi]"
    GLITCH = "single status bytes are torn [spi]"
    DELAYED = "messages come later than anybody waits for them, but in order [uart, cdc, tcp]"
    SPLIT = "messages come in pieces, with pauses [uart, cdc, tcp]"
    MERGED = "messages wait for the next one, and come together [uart, cdc, tcp]"


@define
class BusFaults:
    """The mode a bus is in; it strikes each `every`-th message."""

    mode: BusFault = BusFault.NONE
    every: int = 1
    status: int = 0
    _passed: int = field(init=False, default=0)

    def set(self, mode: BusFault, every: int = 1, *, status: int = 0) -> None:
        """Change the mode."""
        self.mode, self.every, self.status, self._passed = mode, every, status, 0

    def clear(self) -> None:
        """Let everything work again."""
        self.set(BusFault.NONE)

    def strikes(self, mode: BusFault) -> bool:
        """Whether `mode` strikes the message that now passes."""
        if self.mode is not mode:
            return False
        self._passed += 1
        return self._passed % self.every == 0
