"""The journal has one entry, which outlives the process."""

from pathlib import Path

from iqrf_trio.store import Store
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.journal import JournalEntry
from protocol.network.parameters import Parameters

ONE = JournalEntry("iqmeshNetwork_Ping", 0x8100_0001, Parameters(frc_response_time=0x30), "noted")
OTHER = JournalEntry("iqmeshNetwork_DpaHops", None, Parameters(rx_hops=255, tx_hops=0))
BONDS = BondChanges(frozenset((1, 2, 239)), frozenset((1, 2)), frozenset((2,)), {7: 0xFFFF_FFFE})
REMOVAL = JournalEntry("iqmeshNetwork_RemoveBond", 5, Parameters(), bonds=BONDS)


async def test_an_entry_is_there_until_it_is_cleared(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.journal() is None
        await store.write_journal(ONE)
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.journal() == ONE
        await store.write_journal(OTHER)
        assert await store.journal() == OTHER
        await store.write_journal(REMOVAL)
        assert await store.journal() == REMOVAL
        await store.clear_journal()
        assert await store.journal() is None
