"""The words of scheduling: the two lanes of requests, and the priorities on the radio."""

from enum import IntEnum, StrEnum


class Lane(StrEnum):
    """Where a request waits: beside the radio, or for it."""

    MANAGEMENT = "Management"
    NETWORK = "Network"


class Priority(IntEnum):
    """Who goes first on the radio; the lower number."""

    INTERACTIVE = 0
    PROCEDURE = 1
    BACKGROUND = 2
