"""Changes of bonds are kept by coordinator, the last one first, and not without bound."""

from pathlib import Path

from iqrf_trio.store import Store, bond_records
from protocol.iqmesh.bond_changes import BondChanges, BondRecord
from protocol.iqmesh.journal import JournalEntry
from protocol.network.parameters import Parameters

RECORD = BondRecord("iqmeshNetwork_SmartConnect", {7: 0xFFFF_FFFE}, {1: 0, 239: 5})


async def record(store: Store, coordinator: int | None, *, times: int = 1) -> None:
    entry = JournalEntry(RECORD.service, coordinator, Parameters(), bonds=BondChanges())
    for _ in range(times):
        await store.write_journal(entry)
        await store.clear_journal(RECORD)


async def test_a_record_is_there_until_it_was_undone(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await record(store, 5, times=2)
        await record(store, None)  # nobody knows whose bonds these are
        assert await store.journal() is None
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.last_bonds(6) is None
        last = await store.last_bonds(5)
        assert last is not None
        assert (last.service, last.joined, last.gone) == (
            RECORD.service,
            RECORD.joined,
            RECORD.gone,
        )
        await store.forget_bonds(last)
        before = await store.last_bonds(5)
        assert before is not None
        assert before.number < last.number
        await store.forget_bonds(before)
        assert await store.last_bonds(5) is None


async def test_the_first_ones_are_forgotten(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await record(store, 5)
        await record(store, 6, times=bond_records.MOST)
        assert await store.last_bonds(5) is None
        assert await store.last_bonds(6) is not None
