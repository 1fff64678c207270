"""Looks for alerts again and again, and hands those that came or went to whoever tells them."""

import logging
from collections.abc import Callable, Mapping
from typing import NoReturn

import trio
from attrs import define, field

from protocol.network.network import Network
from protocol.outward.alerts import Alert, Alerts
from protocol.outward.health import Health
from protocol.readings.latest import NodeState

log = logging.getLogger("iqrf_trio.alerts")

LOOK_S = 5.0
"""Between two looks."""


@define(eq=False)
class AlertWatch:
    """`tell` is handed each alert; it never waits."""

    _network: Callable[[], Network]
    _latest: Mapping[int, NodeState]
    _health: Callable[[], Health]
    _tell: Callable[[Alert], None]
    _alerts: Alerts = field(factory=Alerts, init=False)

    async def run(self) -> NoReturn:
        """Look, for as long as the gateway serves."""
        while True:
            await trio.sleep(LOOK_S)
            for alert in self._alerts.look(self._network(), self._latest, self._health()):
                log.info("%s: %s", _words(alert), alert.text)
                self._tell(alert)


def _words(alert: Alert) -> str:
    of = "" if alert.node is None else f" (node {alert.node.address})"
    return alert.event.value.replace("_", " ") + of
