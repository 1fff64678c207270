"""iqmeshNetwork_Backup and _Restore: procedures that have the radio for one device at a time."""

import logging
from collections.abc import Mapping
from functools import partial

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.store import StoreError
from protocol.api import iqmesh
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.api.record import record
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.transaction import Outcome
from protocol.network.network import JsonObject
from protocol.vault.blocks import BadBackupError

log = logging.getLogger("iqrf_trio.handlers")


async def backup(gateway: Gateway, exchange: Exchange[iqmesh.Backup]) -> Answer:
    """Copy devices; each is an answer, with the progress. One that is silent is told of as such."""
    devices = Devices(gateway.transceiver, gateway.scheduler)
    addresses = await _addresses(devices, exchange.request)
    for number, address in enumerate(addresses[:-1], 1):
        progress = iqmesh.progress_after(number, addresses)
        exchange.send(await _backup(gateway, exchange, devices, address, progress))
    return await _backup(gateway, exchange, devices, addresses[-1], iqmesh.COMPLETE)


async def restore(gateway: Gateway, exchange: Exchange[iqmesh.Restore]) -> Answer:
    """Give a device its backup and read it back; of what was there before a snapshot is kept."""
    request, outcomes = exchange.request, list[Outcome]()
    blocks = request.blocks()
    if request.device_addr == COORDINATOR:
        await _keep(gateway)
    devices = Devices(gateway.transceiver, gateway.scheduler)
    give = partial(devices.restore, request.device_addr, blocks, record=outcomes.append)
    restart = request.restart_coordinator and request.device_addr == COORDINATOR
    try:
        await give(restart=restart)
    except (DpaError, BadBackupError) as error:
        answer = _failed(exchange, iqmesh.no_restore(request), error)
    else:
        answer = exchange.answer(iqmesh.restored(request.device_addr, success=True))
    return _told(gateway, answer, outcomes)


async def _addresses(devices: Devices, request: iqmesh.Backup) -> tuple[int, ...]:
    if not request.whole_network:
        return (request.device_addr,)
    try:
        return (COORDINATOR, *sorted(await devices.bonded()))
    except (DpaError, BadBackupError) as error:
        raise iqmesh.failure(error) from error


async def _backup(
    gateway: Gateway,
    exchange: Exchange[iqmesh.Backup],
    devices: Devices,
    address: int,
    progress: int,
) -> Answer:
    outcomes = list[Outcome]()
    try:
        copy = await devices.copy(address, outcomes.append)
    except (DpaError, BadBackupError) as error:
        if isinstance(error, DpaError) and nobody_can_be_asked(error):
            raise iqmesh.failure(error) from error
        answer = _failed(exchange, iqmesh.not_backed_up(progress, address), error)
    else:
        answer = exchange.answer(iqmesh.backed_up(progress, copy))
    return _told(gateway, answer, outcomes)


def _failed(
    exchange: Exchange[iqmesh.Backup] | Exchange[iqmesh.Restore],
    rsp: JsonObject,
    error: DpaError | BadBackupError,
) -> Answer:
    failure = iqmesh.failure(error)
    return exchange.message.answer(rsp, failure.status, failure.status_str)


def _told(gateway: Gateway, answer: Answer, outcomes: list[Outcome]) -> Answer:
    """The answer with its transactions."""
    told = tuple(record(outcome, gateway.local_time) for outcome in outcomes)
    return evolve(answer, raw=told)


async def _keep(gateway: Gateway) -> None:
    """Have a snapshot of what is about to be replaced; that this fails is no reason to give up."""
    try:
        await gateway.keeper.take(unasked=True)
    except (DpaError, BadBackupError, StoreError, VaultError) as error:
        log.warning("no snapshot before the coordinator is restored: %s", error)


HANDLERS: Mapping[Row, Handler] = {
    iqmesh.BACKUP: backup,
    iqmesh.RESTORE: restore,
}
