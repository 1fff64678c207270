"""The last known parameters of a coordinator are kept by its MID."""

from pathlib import Path

from iqrf_trio.store import Store
from protocol.network.parameters import DEFAULTS, Parameters


async def test_of_a_coordinator_never_seen_nothing_is_known(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.parameters(0x8100_0001) == Parameters()


async def test_each_coordinator_has_its_own(tmp_path: Path) -> None:
    one, other = Parameters(frc_response_time=0x30, tx_hops=5), DEFAULTS
    async with Store.open(tmp_path / "a.db") as store:
        await store.save_parameters(1, Parameters(dpa_value=2))
        await store.save_parameters(1, one)
        await store.save_parameters(0xFFFF_FFFF, other)
    async with Store.open(tmp_path / "a.db") as store:
        assert await store.parameters(1) == one
        assert await store.parameters(0xFFFF_FFFF) == other
