"""What speaks to the broker at the moment; made anew when its section of the file changes."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import trio
from attrs import define, field

from iqrf_trio.config import Config
from iqrf_trio.messaging.announcements import Announcer
from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import Store
from protocol.outward.alerts import Alert
from protocol.outward.exposition import Family
from protocol.outward.health import Check

if TYPE_CHECKING:
    from iqrf_trio.edges.mqtt import Hop
    from iqrf_trio.wiring.mqtt import Mqtt

Make = Callable[[Config], Awaitable["Mqtt | None"]]
"""Builds the parts of a configuration, None where it names no broker. Raises ConfigError."""

Connect = Callable[[Config, "Mqtt"], None]
"""Ties new parts to the rest of the gateway, before they run."""


async def spoken_to(
    store: Store, shutdown: Shutdown, connect: "Hop | None", config: Config
) -> "Mqtt | None":
    """What speaks to the broker; None where the configuration names none. Raises ConfigError."""
    if config.mqtt.broker is None:
        return None
    # It takes memory, and time at the start; few gateways have a broker.
    from iqrf_trio.wiring.mqtt import mqtt_of  # noqa: PLC0415

    return await mqtt_of(config, store, shutdown, connect)


@define(eq=False)
class Broker:
    """The parts that speak to the broker, and their outlets in `announcer`."""

    _make: Make
    _announcer: Announcer
    _current: "Mqtt | None" = field(default=None, init=False)
    _nursery: trio.Nursery | None = field(default=None, init=False)
    _connect: Connect | None = field(default=None, init=False)

    async def build(self, config: Config) -> None:
        """Make the first parts; they do not run yet. Raises ConfigError."""
        self._take(await self._make(config))

    def start(self, config: Config, nursery: trio.Nursery, connect: Connect) -> None:
        """Run the parts in `nursery`, and later ones too."""
        self._nursery, self._connect = nursery, connect
        self._run(config)

    async def change(self, old: Config, new: Config) -> None:
        """Take up a changed section, or files that it names and that have changed.

        The connection ends in peace and a new one begins; events that wait are kept. Raises
        ConfigError, and then the old parts go on.
        """
        before = self._current
        if old.mqtt == new.mqtt and (before is None or not before.files_changed):
            return
        made = await self._make(new)
        if before is not None:
            self._current = None
            before.end()
            # Two connections with one client id would throw each other out.
            await before.ended.wait()
            self._announcer.disconnect(before.outlets)
            if made is not None:
                made.link.outbox.take_over(before.link.outbox)
        self._take(made)
        self._run(new)

    def end(self) -> None:
        """The gateway stops."""
        if self._current is not None:
            self._current.end()

    def check(self) -> Check | None:
        """How the link is; None without a broker."""
        return None if self._current is None else self._current.link.check()

    def alert(self, alert: Alert, at: datetime) -> None:
        """Tell what came or went; nobody is told without a broker."""
        if self._current is not None:
            self._current.alert(alert, at)

    def metrics(self) -> Iterable[Family]:
        """The figures of the link."""
        return () if self._current is None else self._current.metrics()

    def _take(self, made: "Mqtt | None") -> None:
        self._current = made
        if made is not None:
            self._announcer.connect(made.outlets)

    def _run(self, config: Config) -> None:
        if self._current is None:
            return
        assert self._nursery is not None
        assert self._connect is not None
        self._connect(config, self._current)
        self._nursery.start_soon(self._current.run)
