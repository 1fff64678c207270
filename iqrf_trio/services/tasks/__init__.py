"""Tasks on a schedule: the gateway sends itself messages, and gives the answers to a messaging."""

from iqrf_trio.services.tasks.client import TaskClient
from iqrf_trio.services.tasks.tasks import Tasks

__all__ = ["TaskClient", "Tasks"]
