"""The configuration of each module is kept by its MID."""

from pathlib import Path

from iqrf_trio.store import Store, configurations
from protocol.network.configurations import Configuration

MID = 0xFFFF_FFFE
READ = Configuration(bytes(range(31)), 3)


async def test_it_is_kept_over_a_restart(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.configuration(MID) is None
        await store.change_configurations([(MID, READ), (MID, ((8, 6, 7),)), (1, READ)])
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.configuration(MID) == READ.written([(8, 6, 7)])
        assert await store.configuration(1) == READ


async def test_bytes_of_what_was_never_seen_are_of_no_use(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await store.change_configurations([(MID, ((8, 6, 7),)), (1, READ), (1, None)])
        assert await store.configuration(MID) is None
        assert await store.configuration(1) is None


async def test_those_noted_first_are_forgotten(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        many = [(mid, READ) for mid in range(1, configurations.MOST + 3)]
        await store.change_configurations(many)
        assert await store.configuration(2) is None
        assert await store.configuration(3) == READ


async def test_a_reset_of_the_network_forgets_them(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await store.change_configurations([(MID, READ)])
        await store.reset_network()
        assert await store.configuration(MID) is None


async def test_a_snapshot_has_them(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await store.change_configurations([(MID, READ)])
        archive = await store.archive()
    async with Store.open(tmp_path / "b.db") as store:
        await store.restore(archive)
        assert await store.configuration(MID) == READ
