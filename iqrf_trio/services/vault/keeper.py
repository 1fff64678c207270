"""When snapshots are made: after changes of the bonds, on schedule, and when somebody asks."""

import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NoReturn

import trio
from attrs import define, field

from iqrf_trio.services.vault.cipher import Passphrase
from iqrf_trio.services.vault.contents import Contents
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.shelves import Found, Shelf, newest
from iqrf_trio.store import StoreError, archive
from iqrf_trio.store.copying import is_empty
from iqrf_trio.store.database import Hop
from protocol.dpa.errors import DpaError
from protocol.dpa.transaction import Outcome
from protocol.network.triggers import changes_network
from protocol.queue.scheduling import QueueClosed
from protocol.vault.blocks import BadBackupError
from protocol.vault.snapshot import DATABASE, Snapshot, SnapshotError, decode, encode

log = logging.getLogger("iqrf_trio.vault")

QUIET_S = 60.0
"""How long the bonds must have been left alone: bonding many nodes gives one snapshot."""

FIRST_LOOK_S = 120.0
"""After the start: what happened while the gateway was off."""

ATTEMPTS = 3
"""Copies begun anew when the bonds change meanwhile."""

RETRY_S = 600.0
"""After a snapshot that could not be made."""

Failure = (DpaError, BadBackupError, StoreError, VaultError)
"""What keeps a snapshot from being made, or from being kept."""


@define(eq=False)
class Keeper:
    """Makes snapshots and puts them on the shelves, each where it is news.

    `schedule_s` is how often it looks for changes, math.inf for never; `busy` tells whether the
    network is being learned right now, `nodes` whether those made unasked have all nodes in them.
    """

    _contents: Contents
    shelves: Sequence[Shelf]
    _now: Callable[[], datetime]
    _passphrase: Passphrase | None = None
    _schedule_s: float = math.inf
    _nodes: bool = False
    _busy: Callable[[], bool] = lambda: False
    _hop: Hop = trio.to_thread.run_sync
    _due: float = field(default=math.inf, init=False)
    _wake: trio.Event = field(factory=trio.Event, init=False)
    _changes: int = field(default=0, init=False)
    _turn: trio.Lock = field(factory=trio.Lock, init=False)

    def observe(self, outcome: Outcome) -> None:
        """Take note of a transaction, whoever's it was; bonds that change are kept, once quiet."""
        if changes_network(outcome):
            self._changes += 1
            self._schedule(QUIET_S, sooner=False)

    async def run(self) -> NoReturn:
        """Make snapshots for as long as the daemon lives."""
        if self._schedule_s < math.inf:
            self._schedule(FIRST_LOOK_S)
        while True:
            await self._wait()
            self._due = math.inf
            if self._busy():
                self._schedule(QUIET_S)
                continue
            try:
                await self.take(nodes=self._nodes, unasked=True)
                self._schedule(self._schedule_s)
            except Failure as error:
                log.warning("no snapshot: %s", error)
                self._schedule(RETRY_S)
            except QueueClosed:
                await trio.sleep_forever()  # until the shutdown comes here too

    async def take(self, *, nodes: bool = False, unasked: bool = False) -> Sequence[str]:
        """Make a snapshot; returns the names under which it was kept, none if nothing is new.

        One that nobody asked for is not made of a coordinator without nodes, nor of an empty
        database where a snapshot of one with devices or tokens is kept: it may be new, and must
        not push out what it is to be given. Raises DpaError, BadBackupError, StoreError,
        VaultError (after all shelves were tried), and QueueClosed.
        """
        async with self._turn:
            snapshot = await self._gather(nodes=nodes)
            if unasked and not (snapshot.module and snapshot.module.bonded):
                log.info("no snapshot of a coordinator without nodes")
                return ()
            return await self._keep(snapshot, unasked=unasked)

    async def _gather(self, *, nodes: bool) -> Snapshot:
        for _ in range(ATTEMPTS):
            changes = self._changes
            snapshot = await self._contents.gather(nodes=nodes)
            if changes == self._changes:
                return snapshot
        raise BadBackupError("the bonds changed again and again while they were copied")

    async def _keep(self, snapshot: Snapshot, *, unasked: bool) -> Sequence[str]:
        data, kept, problem = None, list[str](), None
        for shelf in self.shelves:
            try:
                before = await newest(shelf)
                if before is not None and before.manifest.content == snapshot.content:
                    continue
                if unasked and before and await self._hop(partial(self._loses, before, snapshot)):
                    log.warning("no snapshot of an empty database in %s", shelf.name)
                    continue
                if data is None:
                    data = await self._hop(partial(self._encode, snapshot))
                kept.append(await shelf.add(data, self._now()))
                log.info("snapshot of %d bytes kept: %s", len(data), kept[-1])
            except VaultError as error:
                log.error("no snapshot in %s: %s", shelf.name, error)
                problem = error
        if problem is not None:
            raise problem
        return kept

    def _loses(self, before: Found, now: Snapshot) -> bool:
        """Whether the database of a snapshot is empty, while that of the former one is not."""
        if not _is_empty(now):
            return False
        try:
            return not _is_empty(
                decode(before.data, self._passphrase.unseal if self._passphrase else None)
            )
        except (SnapshotError, StoreError, VaultError):
            return False

    def _encode(self, snapshot: Snapshot) -> bytes:
        return encode(snapshot, self._passphrase.seal() if self._passphrase else None)

    def _schedule(self, delay_s: float, *, sooner: bool = True) -> None:
        """Look again after a delay; `sooner` keeps an earlier time that was named before."""
        due = trio.current_time() + delay_s
        self._due = min(self._due, due) if sooner else due
        self._wake.set()

    async def _wait(self) -> None:
        while trio.current_time() < self._due:
            self._wake = trio.Event()
            with trio.move_on_at(self._due):
                await self._wake.wait()


def _is_empty(snapshot: Snapshot) -> bool:
    """Whether the database in a snapshot has no device and no token; raises StoreError."""
    data = snapshot.parts.get(DATABASE)
    return data is None or archive.look(data, is_empty)
