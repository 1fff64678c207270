"""mngDaemon_*: the gateway itself, and its network queue."""

from collections.abc import Mapping

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import mng
from protocol.api.message import Answer


def version(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Which API this is, and which program."""
    return exchange.answer(mng.version(gateway.version))


def start_network_queue(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Serve what waits for the radio."""
    gateway.scheduler.resume()
    return exchange.answer()


async def stop_network_queue(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Keep the radio silent, and say so once it is."""
    await gateway.scheduler.pause()
    return exchange.answer()


HANDLERS: Mapping[str, Handler] = {
    "mngDaemon_Version": version,
    "mngDaemon_StartNetworkQueue": start_network_queue,
    "mngDaemon_StopNetworkQueue": stop_network_queue,
}
