"""`network` is what the database holds, at every moment that anybody can look."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio
import trio.testing
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from iqrf_trio.store import Store, StoreError, devices, inline, tokens
from iqrf_trio.store import settings as stored_settings
from iqrf_trio.store.sqlite import connect, transact
from protocol.auth.rights import MANAGE
from protocol.network.network import Device, Identity, Network, Product, Sensor
from protocol.network.parameters import Parameters
from tests.iqrf_trio.store.networks import AT, METADATA, VALUES, networks

T = TypeVar("T")

TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224))
NODE = Device(1, 0x8100_0001, sensors=(TEMPERATURE,))
NETWORK = Network.of([Device(0, 0x8101_0203), NODE])
PLACES = st.tuples(st.integers(0, 5), st.integers(0, 3))


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


def make_exposed(path: Path, mode: int, directory: int) -> None:
    connect(path).close()
    path.chmod(mode)
    path.parent.chmod(directory)


@pytest.mark.parametrize(
    ("mode", "directory", "warnings"),
    [
        (0o600, 0o755, []),
        (0o666, 0o700, ["{path} (mode 0666) may be opened by others"]),
        (0o640, 0o700, ["{path} (mode 0640) may be opened by others"]),
        (0o600, 0o777, ["{path.parent} (mode 0777) may be written by others"]),
    ],
)
async def test_what_others_may_do_with_the_database_is_told_at_the_start(
    path: Path, caplog: pytest.LogCaptureFixture, mode: int, directory: int, warnings: list[str]
) -> None:
    make_exposed(path, mode, directory)
    async with Store.open(path):
        pass
    found = [line.partition(",")[0].partition(":")[0].partition(";")[0] for line in caplog.messages]
    assert found == [warning.format(path=path) for warning in warnings]


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
                connection,
                owner="me",
                created_at=AT,
                expires_at=AT + timedelta(days=1),
                rights=MANAGE,
            ),
        )
    assert await store.changed()
    assert not await store.changed()
    token = await store.token(text.id)
    assert token is not None
    assert token.owner == "me"


PARAMETERS = Parameters(64, 7, 239, 239)
DURABLE: Mapping[str, Callable[[Store], Awaitable[object]]] = {
    "network": lambda store: store.save_network(Network.of([NODE])),
    "metadata": lambda store: store.set_metadata({1: {"name": "outside"}}),
    "reset": lambda store: store.reset_network(),
    "setting": lambda store: store.save_setting("annotate", True),
    "parameters": lambda store: store.save_parameters(1, PARAMETERS),
}


@pytest.mark.parametrize("name", DURABLE)
async def test_what_a_client_was_answered_is_on_the_disk(store: Store, name: str) -> None:
    await store.save_network(NETWORK)
    await store.save_values({(1, 0): 21.5}, AT)
    assert await synchronous(store) == 1, "values may wait for the disk"
    await DURABLE[name](store)
    assert await synchronous(store) == 2


async def synchronous(store: Store) -> int:
    """How the last transaction was committed: 1 NORMAL, 2 FULL."""
    connection = store._database._connection
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return int(level)


async def test_a_failed_read_after_a_change_is_made_up_for(store: Store, path: Path) -> None:
    with closing(connect(path)) as tool:
        transact(tool, lambda connection: devices.save(connection, NETWORK))
        tool.execute("UPDATE device SET metadata = '{'")
        with pytest.raises(StoreError, match="damaged"):
            await store.changed()
        assert store.network == Network()
        # Nothing that the version of the database would tell: it is another's read that failed.
        database = store._database
        tool.execute("UPDATE device SET metadata = NULL")
        await database.changed()
    assert await store.changed()
    assert store.network == NETWORK
    assert not await store.changed()


async def test_a_read_that_a_transaction_of_ours_overtakes_is_done_again(path: Path) -> None:
    """The network in memory is never older than what this program has committed."""
    loading = trio.Event()
    proceed = trio.Event()

    async def slow_loading(work: Callable[[], T]) -> T:
        result = await trio.to_thread.run_sync(work)
        if isinstance(result, Network) and armed and not loading.is_set():
            loading.set()
            await proceed.wait()
        return result

    armed = False
    async with Store.open(path, hop=slow_loading) as store:
        await store.save_network(NETWORK)
        with closing(connect(path)) as tool:
            transact(tool, lambda connection: stored_settings.save(connection, "key", 1))
        armed = True
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.changed)
                await loading.wait()
                nursery.start_soon(store.set_metadata, {1: {"name": "outside"}})
                await trio.testing.wait_all_tasks_blocked()
                proceed.set()
        assert store.network.get(1) == evolve(NODE, metadata={"name": "outside"})


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.just("values"), st.dictionaries(PLACES, VALUES, max_size=4))
        | st.tuples(st.just("metadata"), st.dictionaries(st.integers(0, 5), METADATA, max_size=3)),
        max_size=6,
    ),
    networks(),
)
def test_the_network_in_memory_is_the_stored_one_after_each_change(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]], network: Network
) -> None:
    path = tmp_path_factory.mktemp("store") / "iqrf-trio.db"

    async def follow() -> None:
        async with Store.open(path, hop=inline) as store:
            await store.save_network(network)
            for step, change in steps:
                if step == "values":
                    await store.save_values(change, AT + timedelta(microseconds=1999))
                else:
                    await store.set_metadata(change)
                assert store.network == await store._database.read(devices.load)

    trio.run(follow)


async def steps_of_saving(path: Path, nodes: int, changes: int) -> tuple[int, int]:
    """Steps of SQLite's machine, and statements, that saving values in a network takes."""
    steps, statements = 0, list[str]()

    def count() -> None:
        nonlocal steps
        steps += 1

    async with Store.open(path, hop=inline) as store:
        await store.save_network(
            Network.of(
                Device(address, 0x8100_0000 + address, sensors=(TEMPERATURE,))
                for address in range(1, nodes + 1)
            )
        )
        store._database._connection.set_progress_handler(count, 1)
        store._database._connection.set_trace_callback(statements.append)
        await store.save_values({(address, 0): 21.5 for address in range(1, changes + 1)}, AT)
    return steps, sum("UPDATE" in statement for statement in statements)


async def test_saving_a_reading_costs_what_has_changed(tmp_path: Path) -> None:
    small, one = await steps_of_saving(tmp_path / "small.db", 3, 1)
    large, also_one = await steps_of_saving(tmp_path / "large.db", 239, 1)
    assert (one, also_one) == (1, 1)
    assert large <= small * 1.2, "the size of the network costs nothing"
    many, hundred = await steps_of_saving(tmp_path / "many.db", 239, 100)
    assert hundred == 100
    assert many <= 100 * large


async def test_a_virtual_clock(path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with Store.open(path, hop=inline) as store:
        with trio.fail_after(1):
            await store.save_network(NETWORK)
        assert store.network == NETWORK
    assert autojump_clock.current_time() == 0
