"""The seam to a coordinator: a port is opened to a link, and a link carries DPA frames."""

import logging
from abc import ABC, abstractmethod
from typing import ClassVar, Self

from protocol.link.tr_info import TrInfo

_LOG = logging.getLogger("iqrf_trio.port")


class PortError(Exception):
    """The device or connection behind a port is missing, broken or gone; the text says which."""


class ModuleError(PortError):
    """The module behind a port does not work any more; only a reset can help."""


class Link(ABC):
    """An open way to the coordinator; one task receives, one at a time sends.

    `starting`: the module was just switched on, and will report so (asynchronous enumeration).
    """

    starting: bool = False

    @abstractmethod
    async def send(self, frame: bytes) -> None:
        """Hand one DPA frame (6..64 bytes) to the coordinator.

        Raises PortError when the frame was not accepted or the link is gone.
        """

    def try_send(self, frame: bytes) -> bool:
        """Hand one DPA frame to the coordinator in this step; False where `send` has to.

        Raises PortError when the frame was torn, so that the link cannot be used any more.
        """
        return False

    @abstractmethod
    async def receive(self) -> bytes:
        """Wait for the next DPA frame; cancelling loses none.

        Raises PortError once the link is gone.
        """

    @property
    def more(self) -> bool:
        """Whether the next frame is here already: it came in the same read as the last one.

        Between the two any time may have passed.
        """
        return False

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the device; safe to call twice."""

    async def __aenter__(self) -> Self:
        """The link itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.aclose()


class Port(ABC):
    """A way to a coordinator that can be opened again and again."""

    waits_for_air: ClassVar[bool] = False
    """Whether nothing tells when the coordinator is ready, so that it is left to the timing."""

    tr_info: TrInfo | None = None
    """What the module told of itself outside DPA when the port was opened last, if it can."""

    @property
    def real_time(self) -> bool:
        """Whether answers take the time that the radio takes, as far as the port can tell."""
        return True

    @property
    def outlives_program(self) -> bool:
        """Whether what is behind the port goes on while this program does not run."""
        return True

    def met(self, tr_info: TrInfo | None) -> None:
        """Keep what the module behind the port tells of itself, and log it when it is news."""
        if tr_info is not None and tr_info != self.tr_info:
            _LOG.info("%s: %s", self.name, tr_info)
        self.tr_info = tr_info

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in logs and errors: kind and device, e.g. `tcp 127.0.0.1:10000`."""

    @abstractmethod
    async def open(self) -> Link:
        """Open the device or connect; raises PortError with the reason when that fails."""

    @property
    def can_reset(self) -> bool:
        """Whether the port has the means to reset the module (power pin, command)."""
        return type(self).reset is not Port.reset and not self.reset_obstacle

    @property
    def reset_obstacle(self) -> str:
        """What this port lacks that others of its kind reset the module with; "" for nothing."""
        return ""

    @property
    def opening_resets(self) -> bool:
        """Whether `open` will switch the module off and on, to have it in a known state."""
        return False

    async def reset(self) -> None:
        """Reset the module behind the port; only if it `can_reset`."""
        raise NotImplementedError
