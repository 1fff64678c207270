"""How far a request is that takes long: answers in between, for clients that ask for them."""

from math import ceil
from typing import Annotated, NotRequired, TypedDict

from protocol.iqmesh import plan
from protocol.network.pace import Pace
from protocol.strict.shape import Unit


class Progress(TypedDict):
    """How far a service is."""

    done: Annotated[int, "so much of it is done"]
    total: Annotated[int, "so much there is to do"]
    seconds: NotRequired[Annotated[int, Unit("s"), "about so long it still takes"]]
    node: NotRequired[Annotated[int, "the node that it is about"]]
    state: NotRequired[Annotated[str, "what became of it, or what is counted"]]


def paced(pace: Pace) -> Progress:
    """How far something is that goes on at this pace."""
    made = Progress(done=pace.done, total=pace.total, state=pace.kind)
    if pace.seconds is not None:
        made["seconds"] = pace.seconds
    return made


def progress(told: plan.Progress, elapsed_s: float) -> Progress:
    """How far a service is that was begun so long ago."""
    made = Progress(done=told.done, total=told.total)
    if told.done:
        made["seconds"] = ceil(elapsed_s * (told.total - told.done) / told.done)
    if told.node is not None:
        made["node"] = told.node
    if told.state is not None:
        made["state"] = told.state
    return made
