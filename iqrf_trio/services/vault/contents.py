"""What a snapshot is made of: the devices, the database and the configuration, at one time."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from attrs import frozen

from iqrf_trio.store import Store
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.vault import snapshot
from protocol.vault.blocks import BadBackupError, DeviceBackup, pack
from protocol.vault.snapshot import Module, Snapshot, node_part

log = logging.getLogger("iqrf_trio.vault")


class Source(Protocol):
    """Whom to ask about devices; every method raises DpaError or BadBackupError."""

    async def module(self) -> Module:
        """Which coordinator there is."""

    async def copy(self, nadr: int) -> DeviceBackup:
        """The backup of a device."""


@frozen(eq=False)
class Contents:
    """Gathers snapshots of a gateway; `configuration` is its TOML text, `gateway` its name."""

    _store: Store
    _devices: Source
    _now: Callable[[], datetime]
    _gateway: str
    _configuration: str

    async def gather(self, *, nodes: bool = False) -> Snapshot:
        """A snapshot as of now, with or without the backups of all nodes.

        A node that does not answer is left out. Raises DpaError and BadBackupError where the
        coordinator cannot be copied, StoreError, and QueueClosed.
        """
        module = await self._devices.module()
        coordinator = await self._devices.copy(COORDINATOR)
        parts = {
            snapshot.COORDINATOR: pack(coordinator.blocks),
            snapshot.DATABASE: await self._store.archive(),
            snapshot.CONFIGURATION: self._configuration.encode(),
        }
        for address in module.bonded if nodes else ():
            try:
                parts[node_part(address)] = pack((await self._devices.copy(address)).blocks)
            except (DpaError, BadBackupError) as error:
                if isinstance(error, DpaError) and nobody_can_be_asked(error):
                    raise
                log.warning("node %d is not in the snapshot: %s", address, error)
        return Snapshot(self._now(), self._gateway, module, parts)
