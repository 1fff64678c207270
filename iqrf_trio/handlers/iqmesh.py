"""iqmeshNetwork_Backup and _Restore: procedures that have the radio for one device at a time."""

from collections.abc import Mapping
from functools import partial

from attrs import evolve

from iqrf_trio.handlers import snapshots
from iqrf_trio.handlers.exchange import CANCELLED, Exchange, Gateway, Handler
from iqrf_trio.services.vault.devices import ATTEMPTS, Devices
from protocol.api.family import Row
from protocol.api.iqmesh import backup as api
from protocol.api.message import Answer
from protocol.api.record import records
from protocol.dpa.attempts import Attempts, nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.transaction import Outcome
from protocol.strict.json import JsonObject
from protocol.vault.blocks import BadBackupError


async def backup(gateway: Gateway, exchange: Exchange[api.Backup]) -> Answer:
    """Copy devices; each is an answer, with the progress. One that is silent is told of as such."""
    devices = Devices(gateway.transceiver, gateway.scheduler, attempts=_attempts(exchange))
    with exchange.scope:
        addresses = await _addresses(devices, exchange.request)
        for number, address in enumerate(addresses[:-1], 1):
            progress = api.progress_after(number, addresses)
            exchange.send(await _backup(gateway, exchange, devices, address, progress))
        return await _backup(gateway, exchange, devices, addresses[-1], api.COMPLETE)
    raise CANCELLED


async def restore(gateway: Gateway, exchange: Exchange[api.Restore]) -> Answer:
    """Give a device its backup and read it back; of what was there before a snapshot is kept.

    Once begun it is not cancelled: a device with half of its blocks is of no use.
    """
    request, outcomes = exchange.request, list[Outcome]()
    blocks = request.blocks()
    if request.device_addr == COORDINATOR:
        await snapshots.keep(gateway, exchange.message.mtype)
    devices = Devices(gateway.transceiver, gateway.scheduler, attempts=_attempts(exchange))
    give = partial(devices.restore, request.device_addr, blocks, record=outcomes.append)
    restart = request.restart_coordinator and request.device_addr == COORDINATOR
    try:
        await give(restart=restart)
    except (DpaError, BadBackupError) as error:
        answer = _failed(exchange, api.no_restore(request), error)
    else:
        answer = exchange.answer(api.restored(request.device_addr, success=True))
    return _told(gateway, answer, outcomes)


def _attempts(exchange: Exchange[api.Backup] | Exchange[api.Restore]) -> Attempts:
    """As many as the client wants, but no fewer than a backup of many blocks needs."""
    return evolve(ATTEMPTS, number=max(ATTEMPTS.number, 1 + exchange.message.repeat))


async def _addresses(devices: Devices, request: api.Backup) -> tuple[int, ...]:
    if not request.whole_network:
        return (request.device_addr,)
    try:
        return (COORDINATOR, *sorted(await devices.bonded()))
    except (DpaError, BadBackupError) as error:
        raise api.failure(error) from error


async def _backup(
    gateway: Gateway,
    exchange: Exchange[api.Backup],
    devices: Devices,
    address: int,
    progress: int,
) -> Answer:
    outcomes = list[Outcome]()
    try:
        copy = await devices.copy(address, outcomes.append)
    except (DpaError, BadBackupError) as error:
        if isinstance(error, DpaError) and nobody_can_be_asked(error):
            raise api.failure(error) from error
        answer = _failed(exchange, api.not_backed_up(progress, address), error)
    else:
        answer = exchange.answer(api.backed_up(progress, copy))
    return _told(gateway, answer, outcomes)


def _failed(
    exchange: Exchange[api.Backup] | Exchange[api.Restore],
    rsp: JsonObject,
    error: DpaError | BadBackupError,
) -> Answer:
    failure = api.failure(error)
    return exchange.message.answer(rsp, failure.status, failure.status_str)


def _told(gateway: Gateway, answer: Answer, outcomes: list[Outcome]) -> Answer:
    """The answer with its transactions."""
    return evolve(answer, raw=records(outcomes, gateway.local_time))


HANDLERS: Mapping[Row, Handler] = {
    api.BACKUP: backup,
    api.RESTORE: restore,
}
