"""Reads never wait for a writer, whether it is of this program or of another one."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import trio
import trio.testing

from iqrf_trio.messaging.sessions import Sessions
from iqrf_trio.services.token_watch import TokenWatch, authenticate
from iqrf_trio.store import Store, backups, tokens
from iqrf_trio.store.sqlite import connect, transact
from protocol.auth.rights import Rights, Scope
from protocol.auth.tokens import TokenText
from tests.iqrf_trio.store.networks import AT

T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store.open(path) as store:
        yield store


@pytest.fixture
async def token(store: Store, path: Path) -> TokenText:
    with closing(connect(path)) as tool:
        made = transact(
            tool,
            lambda connection: tokens.create(
                connection,
                owner="me",
                created_at=AT,
                expires_at=AT + timedelta(days=1),
                rights=Rights(Scope.READ),
            ),
        )
    await store.changed()
    return made


@contextmanager
def another_program(path: Path) -> Iterator[sqlite3.Connection]:
    """One that keeps the database to itself, as far as writing goes."""
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


async def test_authentication_does_not_wait_behind_a_write_that_waits(
    store: Store, path: Path, token: TokenText
) -> None:
    written = trio.Event()

    async def write() -> None:
        await store.save_setting("period", 10)
        written.set()

    with another_program(path) as other, trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(write)
            await trio.testing.wait_all_tasks_blocked()
            for _ in range(100):
                granted = await authenticate(store, lambda: AT, str(token))
                assert granted.token_id == token.id
                assert await store.setting("period") is None
            assert not written.is_set()
            other.execute("ROLLBACK")
    assert await store.setting("period") == 10


async def test_a_revocation_is_noticed_while_a_write_waits(
    store: Store, path: Path, token: TokenText
) -> None:
    with another_program(path) as other, trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.save_setting, "period", 10)
            await trio.testing.wait_all_tasks_blocked()
            assert not await store.changed()
            tokens.revoke(other, token.id, AT)
            other.execute("COMMIT")
            other.execute("BEGIN IMMEDIATE")
            assert await store.changed()
            watch = TokenWatch(store, Sessions(), lambda: AT)
            await watch._look()
            other.execute("ROLLBACK")


async def test_a_backup_keeps_nobody_waiting(path: Path) -> None:
    held = trio.Event()
    armed = False

    async def hop(work: Callable[[], T]) -> T:
        nonlocal armed
        if armed:
            armed = False
            await held.wait()
        return await trio.to_thread.run_sync(work)

    async with Store.open(path, hop=hop) as store:
        armed = True
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.back_up, AT)
                await trio.testing.wait_all_tasks_blocked()
                assert not armed
                await store.save_setting("period", 10)
                assert await store.setting("period") == 10
                held.set()
        assert len(backups.newest_first(path)) == 1
