"""`network` is what the database holds, at every moment that anybody can look."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import trio
import trio.testing
from attrs import evolve

from iqrf_trio.store import Store, StoreError, inline, tokens
from iqrf_trio.store.database import connect, transact
from protocol.auth.tokens import Status
from protocol.network.network import Device, Identity, Network, Product, Sensor
from tests.iqrf_trio.store.networks import AT

T = TypeVar("T")

TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224))
NODE = Device(1, 0x8100_0001, sensors=(TEMPERATURE,))
NETWORK = Network.of([Device(0, 0x8101_0203), NODE])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iqrf-trio.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store.open(path) as store:
        yield store


async def test_a_new_store_knows_nothing(store: Store) -> None:
    assert store.network == Network()
    assert await store.setting("period") is None
    assert await store.token(1) is None
    assert not await store.changed()


async def test_everything_is_there_after_a_restart(path: Path) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        await store.save_values({(1, 0): 21.5}, AT)
        assert await store.set_metadata({1: {"name": "outside"}, 9: None}) == {9}
        await store.save_setting("sensor_data", {"period": 10})
        network = store.network
    measured = evolve(TEMPERATURE, value=21.5, updated=AT)
    assert network.get(1) == evolve(NODE, sensors=(measured,), metadata={"name": "outside"})
    async with Store.open(path) as store:
        assert store.network == network
        assert await store.setting("sensor_data") == {"period": 10}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE setting SET value = '{'",
        "UPDATE device SET metadata = '{'",
        "UPDATE product SET name = CAST(x'ff' AS TEXT)",
        "UPDATE sensor SET updated = 'yesterday'",
        "UPDATE sensor SET frcs = '{}'",
        "UPDATE sensor SET value = NULL, datablock = '1'",
    ],
)
async def test_a_row_that_cannot_be_read_is_damage(path: Path, damage: str) -> None:
    product = Product(Identity(1, 1, 1, 1), "4.06D")
    async with Store.open(path) as store:
        await store.save_network(Network.of([evolve(NODE, product=product)]))
        await store.save_values({(1, 0): 21.5}, AT)
        await store.save_setting("sensor_data", {"period": 10})
    with closing(connect(path)) as connection:
        assert connection.execute(damage).rowcount == 1
    async with Store.open(path) as store:
        assert store.network == Network()
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


async def test_damage_while_the_gateway_runs_is_told(store: Store, path: Path) -> None:
    await store.save_setting("sensor_data", {"period": 10})
    with closing(connect(path)) as connection:
        connection.execute("UPDATE setting SET value = '{'")
    with pytest.raises(StoreError, match=f"{path} is damaged: "):
        await store.setting("sensor_data")


async def test_resetting_forgets_the_network_and_nothing_else(store: Store) -> None:
    await store.save_network(NETWORK)
    await store.save_setting("key", 1)
    await store.reset_network()
    assert store.network == Network()
    assert await store.setting("key") == 1


async def test_the_network_is_in_step_although_its_writer_was_cancelled(path: Path) -> None:
    scope = trio.CancelScope()

    async def cancelled_after_the_commit(work: Callable[[], T]) -> T:
        def work_and_cancel() -> T:
            result = work()
            trio.from_thread.run_sync(scope.cancel)
            return result

        return await trio.to_thread.run_sync(work_and_cancel if armed else work)

    armed = False
    async with Store.open(path, hop=cancelled_after_the_commit) as store:
        armed = True
        with scope:
            await store.save_network(NETWORK)
            await trio.lowlevel.checkpoint()
        armed = False
        assert scope.cancelled_caught
        assert store.network == NETWORK
    async with Store.open(path) as store:
        assert store.network == NETWORK


async def test_a_write_that_fails_changes_nothing(path: Path) -> None:
    async with Store.open(path) as store:
        await store.save_network(NETWORK)
        twice = evolve(NODE, sensors=(TEMPERATURE,), metadata={"deep": _nested(200)}, mid=5)
        with pytest.raises(StoreError):
            await store.save_network(Network.of([twice]))
        assert store.network == NETWORK
    async with Store.open(path) as store:
        assert store.network == NETWORK


def _nested(levels: int) -> object:
    value: object = {}
    for _ in range(levels):
        value = {"deeper": value}
    return value


async def test_writers_of_different_things_do_not_undo_each_other(store: Store) -> None:
    await store.save_network(NETWORK)
    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(store.save_values, {(1, 0): number}, AT)
            nursery.start_soon(store.set_metadata, {1: {"number": number}})
            nursery.start_soon(store.save_network, NETWORK)
    node = store.network.get(1)
    assert node is not None
    assert node.metadata is not None
    assert node.sensors[0].value is not None


async def test_a_token_made_by_the_tool_is_seen_at_once(store: Store, path: Path) -> None:
    with closing(connect(path)) as tool:
        text = transact(
            tool,
            lambda connection: tokens.create(
                connection, owner="me", created_at=AT, expires_at=AT + timedelta(days=1)
            ),
        )
    assert await store.changed()
    assert not await store.changed()
    token = await store.token(text.id)
    assert token is not None
    assert token.owner == "me"
    await store.expire_token(text.id, AT + timedelta(days=1))
    assert await store.token(text.id) == evolve(
        token, status=Status.EXPIRED, invalidated_at=AT + timedelta(days=1)
    )
    assert not await store.changed()


async def test_what_concerns_tokens_reaches_the_disk(store: Store) -> None:
    async def synchronous() -> object:
        return await store._database.read(
            lambda connection: connection.execute("PRAGMA synchronous").fetchone()
        )

    await store.save_network(NETWORK)
    assert await synchronous() == (1,)
    await store.expire_token(1, AT)
    assert await synchronous() == (2,)


async def test_a_virtual_clock(path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with Store.open(path, hop=inline) as store:
        with trio.fail_after(1):
            await store.save_network(NETWORK)
        assert store.network == NETWORK
    assert autojump_clock.current_time() == 0
