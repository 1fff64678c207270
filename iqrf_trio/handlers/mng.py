"""mngDaemon_*: the gateway itself, its mode, and its network queue."""

import logging
from collections.abc import Mapping

import trio

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.service_mode import Form, NoSessionError
from protocol.api import mng
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.queue.scheduling import RadioReserved

NO_SESSION = (
    "Service mode ends with the WebSocket session that asked for it, and this is none; "
    "gateway.sticky_service_mode = true lets it stay."
)

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
    service_mode, wanted = gateway.service_mode, exchange.request.oper_mode
    if wanted and service_mode.form is Form.OWNED:
        rsp = mng.mode(gateway.oper_mode)
        return exchange.message.answer(rsp, -1, "err", "WebSocket service mode is active.")
    match wanted:
        case "service":
            try:
                service_mode.share(exchange.client)
            except RadioReserved:
                raise mng.ManagementError("Exclusive access already assigned") from None
            except NoSessionError:
                raise mng.ManagementError(NO_SESSION) from None
        case "operational":
            service_mode.end()
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
