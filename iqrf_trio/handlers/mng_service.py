"""mngService_*: the coordinator's module in the hands of one session."""

import platform
from collections.abc import Mapping

from attrs import evolve

from iqrf_trio.edges.ports import PortError
from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.service_mode import Form
from protocol.api import mng_service as api
from protocol.api.family import Row
from protocol.api.message import Answer, dump
from protocol.auth.tokens import Status
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.os import OsInfo, os_read
from protocol.queue.scheduling import RadioReserved

NAME = "iqrf-trio"


async def identification(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Which gateway this is."""
    await _permitted(gateway, exchange)
    module = await _module(gateway)
    rsp = api.GwIdentification(
        name=NAME,
        hostname=platform.node() or "localhost",
        osBuild=module.os_build,
        osVersion=module.os_version,
    )
    return _answer(exchange, rsp)


async def tr_info(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Which module the coordinator is."""
    await _permitted(gateway, exchange)
    module = await _module(gateway)
    rsp = api.TrInfo(
        mid=module.mid,
        osBuild=module.os_build,
        osVersion=module.os_version,
        trMcuType=module.mcu_type,
    )
    return _answer(exchange, rsp)


async def activate(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Give the module to the session."""
    await _permitted(gateway, exchange)
    mode, client = gateway.service_mode, exchange.client
    if mode.form is Form.SHARED:
        raise api.SharedError
    if mode.form is Form.OWNED:
        raise api.ActivatedError if mode.owner is client else api.NotOwnerError

    def on_frame(frame: bytes) -> None:
        text = dump(api.data(frame), api.FAMILY.style, verbose=False, ins_id=gateway.ins_id)
        client.reply(text)

    try:
        mode.own(client, on_frame)
    except RadioReserved:
        raise api.ServiceModeError from None
    return _answer(exchange)


async def deactivate(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Give the module back to the gateway."""
    await _permitted(gateway, exchange)
    if gateway.service_mode.form is Form.OFF:
        raise api.DeactivatedError
    _check_owner(gateway, exchange)
    gateway.service_mode.end()
    return _answer(exchange)


async def tr_write(gateway: Gateway, exchange: Exchange[api.TrWrite]) -> Answer:
    """Send a frame to the module."""
    await _permitted(gateway, exchange)
    if gateway.service_mode.form is Form.OFF:
        raise api.NotActiveError
    _check_owner(gateway, exchange)
    try:
        await gateway.transceiver.write(bytes(exchange.request.packet))
    except PortError:
        raise api.NotWrittenError from None
    return _answer(exchange)


async def _permitted(gateway: Gateway, exchange: Exchange[None] | Exchange[api.TrWrite]) -> None:
    """Raise what keeps the client from service mode: the way it came, or its token by now."""
    client = exchange.client
    if not client.lasting or client.token is None:
        raise api.NotWebSocketError
    token = await gateway.store.token(client.token)
    if token is None or token.status_at(gateway.now()) is not Status.VALID:
        raise api.NotPermittedError
    if token.rights.missing(api.FAMILY.rights):
        raise api.NotPermittedError


def _check_owner(gateway: Gateway, exchange: Exchange[None] | Exchange[api.TrWrite]) -> None:
    if gateway.service_mode.form is Form.SHARED:
        raise api.SharedError
    if gateway.service_mode.owner is not exchange.client:
        raise api.NotOwnerError


async def _module(gateway: Gateway) -> OsInfo:
    try:
        return await gateway.transceiver.call(os_read(COORDINATOR))
    except DpaError:
        raise api.ServiceModeError from None


def _answer(
    exchange: Exchange[None] | Exchange[api.TrWrite],
    rsp: api.GwIdentification | api.TrInfo | None = None,
) -> Answer:
    return evolve(exchange.answer(rsp), status_str="Ok")


HANDLERS: Mapping[Row, Handler] = {
    api.GW_IDENTIFICATION: identification,
    api.TR_INFO: tr_info,
    api.ACTIVATE: activate,
    api.TR_WRITE: tr_write,
    api.DEACTIVATE: deactivate,
}
