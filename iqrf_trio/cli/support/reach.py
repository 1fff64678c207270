"""Coordinator and database for a command: of the gateway that runs, else by the port itself."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import trio
from attrs import frozen

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support import access
from iqrf_trio.cli.support.client import Client
from iqrf_trio.config import Config, ConfigError
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.store import DATABASE_NAME, Store
from iqrf_trio.wiring.ports import port_of
from protocol.auth.tokens import InvalidTokenError, matches
from protocol.auth.tokens import parse as parse_token
from protocol.dpa.call import Call
from protocol.dpa.packet import COORDINATOR, Response, parse
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.os import os_read
from protocol.vault.blocks import BadBackupError, DeviceBackup, pack, unpack
from protocol.vault.snapshot import Module

T = TypeVar("T")

LINK_PATIENCE_S = 30.0
"""For a coordinator to come up behind the port."""

PROBE_S = 3.0
"""For a gateway to take a connection."""


class Radio(Protocol):
    """What commands need of a coordinator."""

    async def module(self) -> Module:
        """Which coordinator there is."""

    async def copy(self, nadr: int) -> DeviceBackup:
        """The backup of a device."""

    async def restore(self, nadr: int, blocks: tuple[bytes, ...], *, restart: bool) -> None:
        """Give a device its backup, and read it back."""


@asynccontextmanager
async def gateway_parts(
    arguments: argparse.Namespace, config: Config
) -> AsyncIterator[tuple[Radio, Store]]:
    """The coordinator and the database of one and the same gateway.

    Where a gateway answers, its database is that in the directory of the configuration only if
    that one holds the token that it took: at --url, or at the port while the service is stopped,
    it may be another. Raises Failure.
    """
    directory = config.gateway.state_dir
    database = directory / DATABASE_NAME
    async with radio(arguments, config) as coordinator:
        online = isinstance(coordinator, ThroughGateway)
        if online and not database.exists():
            cause = f"a gateway runs, but there is no database in {directory}"
            raise Failure(cause, "name its directory with --state-dir")
        async with Store.open(database) as store:
            if online and not await _holds(store, access.find_token(arguments)):
                cause = (
                    "the gateway that answers is another one: the database in "
                    f"{directory} does not hold the token that it took"
                )
                raise Failure(cause, "name its directory with --state-dir, or the other's --url")
            yield coordinator, store


async def _holds(store: Store, text: str) -> bool:
    """Whether a token was made in this database, or in one that it was restored from."""
    try:
        shown = parse_token(text)
        known = await store.token(shown.id)
        return known is not None and matches(shown.secret, known.hash)
    except InvalidTokenError:  # another program's, which takes other tokens
        return False


@asynccontextmanager
async def radio(arguments: argparse.Namespace, config: Config) -> AsyncIterator[Radio]:
    """The coordinator of the gateway at --url, or at the configured address if one runs there.

    Without one the port of the configuration is opened. Raises Failure.
    """
    url = arguments.url or await _running(config)
    if url:
        async with access.gateway(arguments, url) as gateway:
            yield ThroughGateway(gateway)
        return
    try:
        port = port_of(config)
    except ConfigError as error:
        raise Failure(str(error), exit_code=USAGE) from None
    async with trio.open_nursery() as nursery:
        transceiver, scheduler = Transceiver(port, on_async=_ignore), Scheduler()
        await nursery.start(transceiver.run)
        await nursery.start(scheduler.run_network)
        with trio.move_on_after(LINK_PATIENCE_S) as waiting:
            await transceiver.wait_connected()
        if waiting.cancelled_caught:
            cause = f"the coordinator has not answered within {LINK_PATIENCE_S:g} s"
            raise Failure(cause, "see `iqrf-trio config` for the port that was tried")
        yield Devices(transceiver, scheduler)
        nursery.cancel_scope.cancel()


async def _running(config: Config) -> str | None:
    """Where the gateway of this configuration runs, None if it does not."""
    scheme, port = "ws", config.websocket.port
    if not port:
        scheme, port = "wss", config.websocket.tls_port
    if not port:
        return None
    host = config.websocket.host
    host = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with trio.fail_after(PROBE_S):
            stream = await trio.open_tcp_stream(host, port)
    except (OSError, trio.TooSlowError):
        return None
    await stream.aclose()
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _ignore(_frame: bytes) -> None:
    pass


@frozen(eq=False)
class ThroughGateway:
    """The coordinator of a gateway that runs, by its API. Raises Failure as its client does."""

    _gateway: Client

    async def module(self) -> Module:
        """See Radio."""
        system = await self._ask(os_read(COORDINATOR))
        peripherals = await self._ask(enumerate_peripherals(COORDINATOR))
        return Module(
            mid=system.mid,
            mcu_type=system.mcu_type,
            os_version=system.os_version,
            os_build=system.os_build,
            dpa=peripherals.dpa,
            bonded=tuple(sorted(await self._ask(bonded_devices()))),
        )

    async def copy(self, nadr: int) -> DeviceBackup:
        """See Radio; raises BadBackupError for a backup that makes no sense."""
        rsp = await self._gateway.ask("iqmeshNetwork_Backup", {"deviceAddr": nadr})
        try:
            device = rsp["devices"][0]
            blocks = unpack(bytes.fromhex(device["data"]))
            return DeviceBackup(nadr, device["mid"], device["dpaVer"], blocks)
        except (KeyError, IndexError, TypeError, ValueError):
            raise BadBackupError("the gateway's answer is no backup") from None

    async def restore(self, nadr: int, blocks: tuple[bytes, ...], *, restart: bool) -> None:
        """See Radio; the gateway reads back what it has written."""
        req: dict[str, Any] = {"deviceAddr": nadr, "data": pack(blocks).hex()}
        await self._gateway.ask("iqmeshNetwork_Restore", req | {"restartCoordinator": restart})

    async def _ask(self, call: Call[T]) -> T:
        rsp = await self._gateway.ask("iqrfRaw", {"rData": call.request.encode().hex(".")})
        try:
            response = parse(bytes.fromhex(rsp["rData"].replace(".", "")))
        except (AttributeError, KeyError, TypeError, ValueError):
            response = None
        if not isinstance(response, Response):
            raise BadBackupError("the gateway's answer is no DPA response")
        return call.decode(response.pdata)
