"""The gateway itself: who it is, how much may wait, what it keeps and what it logs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from iqrf_trio.config.keys import (
    areas,
    between,
    not_empty,
    setting,
    size,
)

_COUNT = between(1, 2**31 - 1)
_CAPACITY = between(0, 2**31 - 1)
_FLASH_CLOCK = between(1000, 104_000_000)


@frozen
class Gateway:
    """Who this gateway is and where it keeps what it knows."""

    instance_id: str = setting("iqrfgd2-default", "insId of every answer", not_empty)
    state_dir: Path = field(
        default=Path("/var/lib/iqrf-trio"), metadata={"comment": "iqrf-trio.db lives here"}
    )
    request_timeout_limit: int = setting(
        60, "seconds; the longest timeout that a client may ask for", between(1, 900)
    )
    sticky_service_mode: bool = setting(
        False, "service mode stays when the session that asked for it ends"
    )


@frozen
class Queue:
    """How many requests may wait, and how long those in the background at most."""

    management_capacity: int = setting(32, "requests; 0 = refuse all", _CAPACITY, reload=True)
    network_capacity: int = setting(
        32, "requests that wait; 0 = refuse all", _CAPACITY, reload=True
    )
    background_wait: float = setting(
        10.0,
        "seconds after which a waiting background job is served next",
        between(0.001, 86400),
        reload=True,
    )


@frozen
class Tasks:
    """Tasks on a schedule."""

    answers_to_all: bool = setting(
        False, "answers go to all WebSocket clients, not only to those with the owner's token"
    )


@frozen
class SensorData:
    """How the sensor worker starts the first time."""

    auto_run: bool = setting(False, "start reading when the gateway starts", reload=True)
    period: int = setting(10, "minutes", _COUNT, reload=True)
    retry_period: int = setting(1, "minutes", _COUNT, reload=True)
    async_reports: bool = setting(True, "report each reading to the clients", reload=True)


@frozen
class Database:
    """What is enumerated without being asked, and what answers carry of it."""

    enumerate_on_launch: bool = setting(False)
    enumerate_after_bonding: bool = setting(True)
    ask_states: bool = setting(
        True, "outputs and lights are asked how they are, after start and enumeration"
    )
    annotate_metadata: bool = setting(False, "answers carry the metadata of their device")
    products: str = setting("", "optional catalogue: HWPID -> manufacturer, product, breakdowns")


@frozen
class Vault:
    """Where snapshots of the gateway are kept, and when they are made."""

    device: str = setting(
        "", 'NOR flash at a chip select, e.g. "/dev/spidev0.1"; with the simulator: a file'
    )
    frequency: int = setting(1_000_000, "Hz, the fastest clock for the flash", _FLASH_CLOCK)
    flash_size: int = setting(
        0, "bytes of the flash that are used, from its start; 0 = all", between(0, 2**31 - 1)
    )
    generations: int = setting(10, "snapshots kept as files in the state directory", _COUNT)
    schedule: int = setting(
        24, "hours between looks for what has changed; 0 = only after bonding", between(0, 8760)
    )
    nodes: bool = setting(False, "each snapshot also holds every node: seconds on air per node")
    passphrase_file: str = setting("", "its first line encrypts the snapshots; empty = plain")
    auto_restore: bool = setting(False, "an empty database is restored when the gateway starts")


@frozen
class History:
    """Values of years, kept in a file of its own where HTTP or MQTT is on."""

    enabled: bool = setting(True)
    path: str = setting("", "the file; empty = history.db in the state directory")
    max_size: str = setting("256MB", "of the file; the oldest values go first", size, reload=True)


@frozen
class Log:
    """What is logged on stderr, and how."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "debug | info | warning | error", reload=True
    )
    areas: tuple[str, ...] = setting(
        (), 'areas with a level of their own: ["port=debug"]', areas, reload=True
    )
    json: bool = setting(False, "one JSON object per line", reload=True)

    @property
    def levels(self) -> Mapping[str, str]:
        """The areas with a level of their own, and the level."""
        return dict(text.split("=") for text in self.areas)
