"""The request scheduler: the management lane beside the radio, and the one queue for the radio."""

from iqrf_trio.scheduler.jobs import Job
from iqrf_trio.scheduler.scheduler import Lease, Scheduler
from protocol.scheduling import LeaseTimeout, QueueClosed, QueueFull, RadioReserved

__all__ = [
    "Job",
    "Lease",
    "LeaseTimeout",
    "QueueClosed",
    "QueueFull",
    "RadioReserved",
    "Scheduler",
]
