"""All that can be told of a machine from its files, in the order in which it is best mended."""

from collections.abc import Iterator
from datetime import datetime

from iqrf_trio.config import Config
from iqrf_trio.doctor.bus import examine_bus
from iqrf_trio.doctor.findings import Finding
from iqrf_trio.doctor.machine import Machine
from iqrf_trio.doctor.surroundings import clock, database, disk, ports


def examine(machine: Machine, config: Config, now: datetime) -> Iterator[Finding]:
    """The findings; nothing is changed, and no device is opened."""
    yield from examine_bus(machine, config)
    yield from clock(machine, now)
    yield from disk(machine, config)
    yield from database(machine, config)
    yield from ports(machine, config)
