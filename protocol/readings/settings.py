"""How the sensor data service works, as values that the worker, the store and the API share."""

from typing import Annotated, Literal

from attrs import frozen

from protocol.strict.checks import Range, distinct
from protocol.strict.shape import Unit

Minutes = Annotated[int, Range(1), Unit("min")]


@frozen
class Messaging:
    """One way out for reports: a kind of connection, and the name of its instance."""

    type: Annotated[Literal["mqtt", "ws"], "its kind"]
    instance: Annotated[str, "its name"]


Messagings = Annotated[tuple[Messaging, ...], distinct]

# What the settings mean, for those who set them.
AUTO_RUN = "begin to read when the gateway starts"
PERIOD = "how often a cycle begins"
RETRY_PERIOD = "when a cycle begins after one that failed"
ASYNC_REPORTS = "whether cycles are reported"
MESSAGING_LIST = "where reports go; where it is empty, to all who take what nobody asked for"


@frozen
class SensorSettings:
    """When the worker reads, and who is told.

    `auto_run` counts at start only. A cycle begins every `period` minutes, after a failed one in
    `retry_period`. Reports go to `messaging_list`, or, where it is empty, to all who take what
    nobody asked for.
    """

    auto_run: Annotated[bool, AUTO_RUN] = False
    period: Annotated[Minutes, PERIOD] = 10
    retry_period: Annotated[Minutes, RETRY_PERIOD] = 1
    async_reports: Annotated[bool, ASYNC_REPORTS] = True
    messaging_list: Annotated[Messagings, MESSAGING_LIST] = ()
