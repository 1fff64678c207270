"""mngDaemon_*: the gateway itself, its mode, and its network queue."""

import logging
from collections.abc import Mapping

import trio

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from protocol.api import mng
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.queue.scheduling import RadioReserved

log = logging.getLogger("iqrf_trio.handlers")


def version(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Which API this is, and which program."""
    return exchange.answer(mng.version(gateway.version))


def leave(gateway: Gateway, exchange: Exchange[mng.Exit]) -> Answer:
    """Stop the gateway in so many milliseconds, or when it was to stop before."""
    delay_s = exchange.request.time_to_exit_ms / 1000
    log.warning("%s: the gateway is to stop in %g s", exchange.client.remote, delay_s)
    lifetime = gateway.lifetime
    lifetime.deadline = min(lifetime.deadline, trio.current_time() + delay_s)
    return exchange.answer(mng.leaving(exchange.request))


def mode(gateway: Gateway, exchange: Exchange[mng.Mode]) -> Answer:
    """Change the mode, or tell it.

    In service mode the radio belongs to clients with the service permission and their single
    requests. There is nowhere to forward packets to.
    """
    match exchange.request.oper_mode:
        case "service":
            try:
                gateway.scheduler.reserve()
            except RadioReserved:
                raise mng.ManagementError("Exclusive access already assigned") from None
            gateway.worker.reconsider()
            gateway.monitor.changed()
        case "operational":
            gateway.scheduler.release()
            gateway.worker.reconsider()
            gateway.monitor.changed()
        case "forwarding":
            raise mng.ManagementError("There is no UDP channel that packets could be forwarded to.")
    return exchange.answer(mng.mode(gateway.oper_mode))


def start_network_queue(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Serve what waits for the radio."""
    gateway.scheduler.resume()
    gateway.monitor.changed()
    return exchange.answer()


def stop_network_queue(gateway: Gateway, exchange: Exchange[None]) -> None:
    """Keep the radio silent, and say so once it is, or once somebody has started it again."""

    def answer() -> None:
        exchange.client.owe(-1)
        exchange.send(exchange.answer())
        gateway.monitor.changed()

    exchange.client.owe(1)
    gateway.scheduler.pause_for(exchange.client, answer)


HANDLERS: Mapping[Row, Handler] = {
    mng.VERSION: version,
    mng.EXIT: leave,
    mng.MODE: mode,
    mng.START_QUEUE: start_network_queue,
    mng.STOP_QUEUE: stop_network_queue,
}
