"""The store of a running gateway: the network as committed, settings, and tokens."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

import trio
from attrs import define, evolve, field

from iqrf_trio.shutdown import Shutdown
from iqrf_trio.store import (
    archive,
    bond_records,
    configurations,
    devices,
    journal,
    parameters,
    sensors,
    settings,
    tasks,
    tokens,
)
from iqrf_trio.store.database import Database, Hop
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection
from protocol.auth.rights import Rights
from protocol.auth.tokens import Token, TokenText
from protocol.iqmesh.bond_changes import BondRecord
from protocol.iqmesh.journal import JournalEntry
from protocol.network.configurations import Change, Configuration
from protocol.network.network import Network
from protocol.network.parameters import Parameters
from protocol.standard.quantities import Value
from protocol.strict.json import JsonObject
from protocol.tasks.task import Run, Task


@define
class Store:
    """`network` is what the database holds; each transaction that touches it keeps the two equal.

    Every method that talks to the database raises StoreError when that fails; then nothing was
    changed, and `network` still is what is stored. What a method has returned from is on the
    disk, but for measured values, of which a power failure may take the last ones.
    """

    network: Network
    _database: Database
    _commits: int = field(default=0, init=False)
    """How many transactions of ours have changed `network`."""
    _stale: bool = field(default=False, init=False)
    """Whether `network` has to be read again because another program has written."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        hop: Hop = trio.to_thread.run_sync,
        shutdown: Shutdown | None = None,
    ) -> AsyncIterator[Self]:
        """Open the store in the file `path`, making one where there is none."""
        async with Database.open(path, hop=hop, probe=_read, shutdown=shutdown) as database:
            yield cls(await database.read(devices.load), database)

    @property
    def trouble(self) -> str | None:
        """Why nothing that is stored is kept: the disk is read-only; None as long as it is kept.

        Then everything can be read, and every method that writes raises ReadOnlyError.
        """
        return self._database.trouble

    @property
    def last_error(self) -> str:
        """Why the last write failed; empty where it did not."""
        return self._database.last_error

    async def save_network(self, network: Network) -> None:
        """Make `network` the stored one; metadata and values of what stays survive.

        Modules are known by their MID, sensors by index and type. Nothing is written where
        nothing differs.
        """
        if network == self.network and not self._stale:
            return
        await self._change(partial(devices.save, network=network))

    async def correct_mids(self, mids: Mapping[int, int]) -> None:
        """Note MIDs by address that the coordinator had wrong: the devices are the same."""
        await self._change(partial(devices.correct_mids, mids=mids))

    async def save_values(self, values: Mapping[tuple[int, int], Value], at: datetime) -> None:
        """Keep what was measured at `at`, by (address, sensor index); unknown ones are skipped."""
        work = partial(sensors.save_values, values=values, at=at)
        kept = await self._database.write(work, durable=False)
        self._now(self.network.measured(kept, sensors.as_stored(at)))

    async def set_metadata(self, metadata: Mapping[int, JsonObject | None]) -> frozenset[int]:
        """Replace the metadata of devices by address, None removes; returns unknown addresses."""
        work = partial(devices.set_metadata, metadata=metadata)
        kept = await self._database.write(work)
        self._now(
            self.network.replaced(
                evolve(device, metadata=kept[device.address])
                for device in self.network
                if device.address in kept
            )
        )
        return frozenset(metadata.keys() - kept.keys())

    async def rename(self, names: Mapping[int, str]) -> None:
        """Give names to modules by MID; one that is not in the network brings its name with it."""
        await self._change(partial(devices.rename, names=names))

    async def succeed(self, old: int, new: int) -> None:
        """Note that the module `new` has taken the place of `old`, with its metadata."""
        await self._change(partial(devices.succeed, old=old, new=new))

    async def reset_network(self) -> None:
        """Forget all devices with everything that belongs to them; settings and tokens stay."""
        await self._change(devices.forget_all)

    async def setting(self, key: str) -> object:
        """The JSON value that was saved under `key`, or None."""
        return await self._database.read(partial(settings.get, key=key))

    async def save_setting(self, key: str, value: object) -> None:
        """Keep a JSON value under `key`."""
        await self._database.write(partial(settings.save, key=key, value=value))

    async def parameters(self, coordinator: int) -> Parameters:
        """The last known parameters of the coordinator with this MID."""
        return await self._database.read(partial(parameters.load, coordinator=coordinator))

    async def save_parameters(self, coordinator: int, known: Parameters) -> None:
        """Keep what is known of that coordinator's parameters."""
        work = partial(parameters.save, coordinator=coordinator, parameters=known)
        await self._database.write(work)

    async def configuration(self, mid: int) -> Configuration | None:
        """The configuration that the module with this MID was last seen with."""
        return await self._database.read(partial(configurations.find, mid=mid))

    async def change_configurations(self, changes: Sequence[tuple[int, Change]]) -> None:
        """Note what became of configurations, by MID."""
        await self._database.write(partial(configurations.change, changes=changes))

    async def journal(self) -> JournalEntry | None:
        """What a network service has changed and not put back."""
        return await self._database.read(journal.load)

    async def write_journal(self, entry: JournalEntry) -> None:
        """Note it before it is changed; replaces the entry before, and is on the disk then."""
        await self._database.write(partial(journal.save, entry=entry))

    async def clear_journal(self, record: BondRecord | None = None) -> None:
        """Note that everything is what it was, but for the bonds that have changed."""

        def clear(connection: Connection) -> None:
            entry = journal.load(connection)
            if record and entry and entry.coordinator is not None:
                bond_records.add(connection, entry.coordinator, record)
            journal.clear(connection)

        await self._database.write(clear)

    async def last_bonds(self, coordinator: int) -> BondRecord | None:
        """The last change of bonds of this coordinator that was not undone."""
        return await self._database.read(partial(bond_records.last, coordinator=coordinator))

    async def forget_bonds(self, record: BondRecord) -> None:
        """Note that a change of bonds was undone."""
        await self._database.write(partial(bond_records.remove, number=record.number))

    async def token(self, token_id: int) -> Token | None:
        """The API token of this number, or None."""
        return await self._database.read(partial(tokens.find, token_id=token_id))

    async def tokens(self) -> Sequence[Token]:
        """All API tokens, by number."""
        return await self._database.read(tokens.all_of_them)

    async def create_token(
        self, owner: str, created_at: datetime, expires_at: datetime, rights: Rights
    ) -> TokenText:
        """Make an API token; what is returned is never stored."""
        create = partial(
            tokens.create, owner=owner, created_at=created_at, expires_at=expires_at, rights=rights
        )
        return await self._database.write(create)

    async def revoke_token(self, token_id: int, at: datetime) -> Token:
        """End the life of a token; raises what `tokens.revoke` raises."""
        return await self._database.write(partial(tokens.revoke, token_id=token_id, at=at))

    async def rotate_token(self, token_id: int, at: datetime) -> TokenText:
        """Replace a token by one like it; raises what `tokens.rotate` raises."""
        return await self._database.write(partial(tokens.rotate, token_id=token_id, at=at))

    async def successor(self, token_id: int) -> Token | None:
        """The token that is in the place of this one by now: itself unless it was rotated."""
        return await self._database.read(partial(tokens.successor, token_id=token_id))

    async def tasks(self) -> Sequence[Task]:
        """All tasks that are stored and make sense."""
        return await self._database.read(tasks.load)

    async def save_task(self, task: Task, *, instead_of: str | None = None) -> None:
        """Keep the task if it is to persist; the one of the id `instead_of` is gone then."""
        work = partial(tasks.replace, task_id=instead_of or task.task_id, task=task)
        await self._database.write(work)

    async def remove_tasks(self, task_ids: Sequence[str]) -> None:
        """Forget these tasks."""
        await self._database.write(partial(tasks.remove, task_ids=task_ids))

    async def note_runs(self, runs: Mapping[str, Run]) -> None:
        """Keep the last run of each of these tasks."""
        await self._database.write(partial(tasks.note_runs, runs=runs))

    async def has_tokens(self) -> bool:
        """Whether any API token was ever made."""
        return bool(await self._database.read(tokens.all_of_them))

    async def archive(self) -> bytes:
        """Everything but measured values, for a snapshot; the same content is the same bytes."""
        return await self._database.read(archive.pack)

    async def restore(self, data: bytes) -> None:
        """Make what `archive` gave the content of the database; see `archive.restore`."""
        rows = archive.unpack(data)
        await self._change(partial(archive.restore, archive=rows))
        if await self._database.read(partial(archive.differs, data)):
            raise StoreError("the database is not what was restored when read back")

    async def changed(self) -> bool:
        """Whether another program (a command) has written since this was answered before.

        Then `network` is read again; where that fails, the next call tries it once more.
        """
        changed = self._stale = await self._database.changed() or self._stale
        while self._stale:
            before = self._commits
            network = await self._database.read(devices.load)
            # A transaction of ours that ended meanwhile may be missing in what was read.
            if self._commits == before:
                self.network, self._stale = network, False
        return changed

    async def back_up(self, at: datetime) -> Path | None:
        """Make a backup of everything if the last one is a day old and no longer true."""
        return await self._database.back_up(at.timestamp())

    async def _change(self, fn: Callable[[Connection], None]) -> None:
        def change_and_load(connection: Connection) -> Network:
            fn(connection)
            return devices.load(connection)

        self._now(await self._database.write(change_and_load))

    def _now(self, network: Network) -> None:
        """Note what a transaction of ours made of the network.

        No checkpoint stands between its commit and this, so even a cancelled caller leaves the
        two in step.
        """
        self.network = network
        self._commits += 1


def _read(connection: Connection) -> None:
    """Read what a gateway cannot start without; a damaged token is its owner's affair alone."""
    devices.load(connection)
    settings.load(connection)
