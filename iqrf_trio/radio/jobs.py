"""A job: one request of a client, what does it, and who answers if it will not be done."""

import logging
import math
from collections.abc import Awaitable, Callable
from functools import partial

from attrs import define

from protocol.queue.lanes import Priority
from protocol.queue.scheduling import LeaseTimeout, QueueClosed, never
from protocol.queue.tallies import Fate

log = logging.getLogger("iqrf_trio.scheduler")


@define(eq=False)
class Job:
    """One request of a client; once accepted, exactly one of its functions answers it.

    `begin` starts it in this step if it need not wait, and calls the function that it is given when
    it is over; False where nothing was started, and `work` has to do it.

    `work` does it, and turns its errors into answers itself. `abandon` answers that it will not
    run any more, or was cut short (shutdown); `refuse` that the radio stayed leased for longer
    than `patience` seconds; without a `refuse`, `abandon` stands in. `name` is for the log.

    On the network lane an INTERACTIVE job has the radio as long as it works. Any other one is a
    procedure: it works beside the radio, one procedure after the other, and takes the radio by
    `Scheduler.perform` or `Scheduler.lease`. `owner` is whoever asked for it: `Scheduler.withdraw`
    takes back all that one has waiting. `fits` says whether an INTERACTIVE job may have its turn
    between the steps of a shared lease.
    """

    priority: Priority
    work: Callable[[], Awaitable[None]]
    abandon: Callable[[], None]
    name: str = "job"
    patience: float = math.inf
    refuse: Callable[[LeaseTimeout], None] | None = None
    owner: object = None
    begin: Callable[[Callable[[], None]], bool] | None = None
    fits: Callable[[], bool] = never


async def do(job: Job) -> Fate:
    """The boundary of a job: what it did not handle itself ends here."""
    try:
        await job.work()
    except Exception as error:
        log.error("%s failed", job.name, exc_info=error)
        return Fate.FAILED
    except BaseException:  # cut short, since the grace is over
        _tell(job, job.abandon)
        raise
    return Fate.ANSWERED


def turn_away(job: Job, error: QueueClosed | LeaseTimeout) -> None:
    """Tell whoever asked for it that it will not be done."""
    if isinstance(error, LeaseTimeout) and job.refuse is not None:
        _tell(job, partial(job.refuse, error))
    else:
        _tell(job, job.abandon)


def _tell(job: Job, how: Callable[[], None]) -> None:
    try:
        how()
    except Exception:
        log.exception("%s was not told that it will not run", job.name)
