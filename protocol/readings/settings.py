"""How the sensor data service works, as values that the worker, the store and the API share."""

from typing import Annotated, Literal

from attrs import frozen

from protocol.api.members import Range, distinct

Minutes = Annotated[int, Range(1)]


@frozen
class Messaging:
    """One way out for reports: a kind of connection, and the name of its instance."""

    type: Literal["mqtt", "ws"]
    instance: str


Messagings = Annotated[tuple[Messaging, ...], distinct]


@frozen
class SensorSettings:
    """When the worker reads, and who is told.

    `auto_run` counts at start only. A cycle begins every `period` minutes, after a failed one in
    `retry_period`. Reports go to `messaging_list`, or, where it is empty, to all who take what
    nobody asked for.
    """

    auto_run: bool = False
    period: Minutes = 10
    retry_period: Minutes = 1
    async_reports: bool = True
    messaging_list: Messagings = ()
