"""What every simulated peripheral is: a number, a description, and a table of commands."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from protocol.dpa.peripherals.exploration import PeripheralInfo

Handler = Callable[[bytes, float], bytes]
"""Executes one command: PDATA of the request and the time to PDATA of the response.

Raises Refused.
"""


class Peripheral(ABC):
    """One peripheral of one module."""

    pnum: ClassVar[int]

    @property
    @abstractmethod
    def info(self) -> PeripheralInfo:
        """How it describes itself to Exploration."""

    @abstractmethod
    def commands(self) -> Mapping[int, Handler]:
        """The handler of each PCMD."""

    def reset(self) -> None:  # noqa: B027 - most peripherals forget nothing
        """Forget what does not survive a reset."""
