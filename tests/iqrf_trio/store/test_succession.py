"""Names for modules, and what a module that takes another's place finds in the books."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio.store import Store, inline
from protocol.network.network import Device, Network

OLD, NEW, OTHER = 0x81000001, 0x81000002, 0x81000003
AT = datetime(2026, 6, 1, tzinfo=UTC)


def network(*mids: int) -> Network:
    return Network.of([Device(0, 0x81000000), *(Device(n, mid) for n, mid in enumerate(mids, 1))])


def noted(store: Store) -> dict[int, object]:
    return {device.mid: device.metadata for device in store.network.nodes if device.metadata}


async def test_a_name_waits_for_the_module_and_leaves_other_metadata_alone(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_network(network(OLD))
        await store.set_metadata({1: {"floor": 2, "name": "before"}})
        await store.rename({OLD: "boiler", NEW: "attic"})
        assert noted(store) == {OLD: {"floor": 2, "name": "boiler"}}
        await store.rename({NEW: "cellar"})
        await store.save_network(network(OLD, NEW))
        assert noted(store)[NEW] == {"name": "cellar"}


@pytest.mark.parametrize("enumerated", ["before", "between", "after", "never"])
async def test_whoever_takes_the_place_has_the_metadata(tmp_path: Path, enumerated: str) -> None:
    """Whenever the network is enumerated meanwhile, and whether or not it is noted twice."""
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_network(network(OLD, OTHER))
        await store.set_metadata({1: {"name": "boiler"}, 2: {"name": "other"}})
        if enumerated == "before":
            await store.save_network(network(NEW, OTHER))
        await store.succeed(OLD, NEW)
        if enumerated == "between":
            await store.save_network(network(NEW, OTHER))
        await store.succeed(OLD, NEW)
        if enumerated == "after":
            await store.save_network(network(NEW, OTHER))
        assert noted(store) == {NEW: {"name": "boiler"}, OTHER: {"name": "other"}}
        device = store.network.get(1)
        assert device
        assert (device.mid, device.product) == (NEW, None)


async def test_the_way_back(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_network(network(OLD))
        await store.set_metadata({1: {"name": "boiler"}})
        await store.succeed(OLD, NEW)
        await store.succeed(NEW, OLD)
        assert noted(store) == {OLD: {"name": "boiler"}}


async def test_a_node_that_has_gone_is_replaced_all_the_same(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_network(network(OLD))
        await store.set_metadata({1: {"name": "boiler"}})
        await store.save_network(network())
        await store.succeed(OLD, NEW)
        await store.save_network(network(NEW))
        assert noted(store) == {NEW: {"name": "boiler"}}
