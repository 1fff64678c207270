"""iqrfDb_Enumerate and iqrfDb_Reset: learning the network, and forgetting it."""

from enum import IntEnum
from typing import Annotated, TypedDict

from attrs import frozen

from protocol.api.db.family import FAMILY, Anything, Nothing
from protocol.api.family import Extra, Final, Row
from protocol.api.message import Answer
from protocol.auth.rights import MANAGE
from protocol.queue.lanes import Lane
from protocol.strict.checks import Range

UNASKED = "iqrfdb_enumerate_async"
"""`msgId` of the steps of an enumeration that no client asked for."""


IN_PROGRESS = "Enumeration is already in progress."


class Step(IntEnum):
    """How far an enumeration has come; 6 and 7 only if standards are part of it."""

    STARTED = 0
    CHECKED = 1
    DEVICES = 2
    DEVICES_DONE = 3
    PRODUCTS = 4
    PRODUCTS_DONE = 5
    STANDARDS = 6
    STANDARDS_DONE = 7
    FINISHED = 8

    @property
    def text(self) -> str:
        """What clients are told."""
        return _STEP_TEXTS[self]


_STEP_TEXTS = (
    "Enumeration started, checking current state of the network.",
    "Finished checking current state of network.",
    "Enumerating device information.",
    "Finished enumerating device information.",
    "Enumerating product information.",
    "Finished enumerating product information.",
    "Enumerating device standards.",
    "Finished enumerating standards.",
    "Enumeration finished.",
)


@frozen
class Enumerate:
    """How much is asked in an enumeration."""

    reenumerate: Annotated[bool, "ask known devices again too, and for their standards"] = False
    standards: Annotated[bool, "learn the sensors, outputs and lights of devices too"] = False


class StepReached(TypedDict):
    """How far an enumeration has come."""

    step: Annotated[int, Range(Step.STARTED, Step.FINISHED), "8 in the last answer"]
    stepStr: Annotated[str, "the same in words"]


def step(reached: Step) -> StepReached:
    """`rsp` of iqrfDb_Enumerate."""
    return StepReached(step=int(reached), stepStr=reached.text)


def unasked_step(reached: Step, status: int = 0, status_str: str = "ok") -> Answer:
    """The message about a step of an enumeration that no client asked for."""
    return Answer(ENUMERATE.mtype, UNASKED, step(reached), status, status_str)


ENUMERATE = Row(
    FAMILY,
    "Enumerate",
    "Learn the network: which devices there are, what they are, and what they can do.",
    Enumerate,
    StepReached | Nothing,
    example={"reenumerate": False, "standards": True},
    failed=lambda _: Nothing(),
    final=Final("step", int(Step.FINISHED)),
    extras=frozenset({Extra.PROGRESS}),
    lane=Lane.NETWORK,
    rights=MANAGE,
)


RESET = Row(
    FAMILY,
    "Reset",
    "Forget the network, and all that was noted about its devices.",
    Anything,
    Nothing,
    example={},
    failed=lambda _: Nothing(),
    rights=MANAGE,
)
