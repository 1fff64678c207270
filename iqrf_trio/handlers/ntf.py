"""ntfDaemon_*: watching the gateway."""

from collections.abc import Mapping

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import ntf
from protocol.api.family import Row
from protocol.api.message import Answer


def invoke_monitor(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Tell this client and all who watch of the state, now and whenever it changes."""
    exchange.client.subscribe(gateway.monitor.watchers)
    gateway.monitor.changed()
    return exchange.answer()


HANDLERS: Mapping[Row, Handler] = {ntf.INVOKE_MONITOR: invoke_monitor}
