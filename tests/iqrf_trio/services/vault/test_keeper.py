"""When snapshots are made, of what, and what happens where one cannot be."""

import logging
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from iqrf_trio.edges.flash import FlashError
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.keeper import FIRST_LOOK_S, QUIET_S, RETRY_S
from iqrf_trio.services.vault.shelves import newest
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.flash import FlashChip
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import COORDINATOR_BACKUP, remove_bond
from protocol.dpa.peripherals.os import os_read
from protocol.network.network import Device, Network
from protocol.queue.lanes import Priority
from protocol.vault.blocks import unpack
from protocol.vault.snapshot import decode
from tests.iqrf_trio.services.vault.house import Vaulted, small_chip, vaulted


async def kept(it: Vaulted) -> list[int]:
    """How many snapshots are on each shelf."""
    return [len(await shelf.entries()) for shelf in it.shelves]


async def remove_the_bond(it: Vaulted, address: int) -> None:
    call = remove_bond(address)
    await it.scheduler.perform(Priority.INTERACTIVE, lambda: it.transceiver.call(call))


async def test_a_snapshot_holds_coordinator_database_and_configuration(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path, chip=small_chip()) as it:
        await it.store.save_network(Network.of([Device(0, it.mesh.coordinator.mid)]))
        names = await it.keeper.take()
        assert [name.split("/")[-1].split("-")[0] for name in names] == ["000001", "flash 1"]
        for shelf in it.shelves:
            found = await newest(shelf)
            assert found is not None
            whole = decode(found.data)
            assert set(whole.parts) == {"coordinator", "database", "configuration"}
            assert len(unpack(whole.parts["coordinator"])) == 40
            assert whole.parts["database"] == await it.store.archive()
            assert whole.parts["configuration"] == b"[gateway]\n"
            assert whole.module is not None
            assert whole.module.bonded == (1, 2, 3, 4, 5)
            assert whole.module.mid == it.mesh.coordinator.mid


async def test_nothing_new_is_not_kept_again(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with vaulted(tmp_path, chip=small_chip()) as it:
        await it.keeper.take()
        assert not await it.keeper.take()
        assert await kept(it) == [1, 1]
        await it.store.save_setting("period", 3)
        assert len(await it.keeper.take()) == 2
        assert await kept(it) == [2, 2]


async def test_each_shelf_gets_what_it_lacks(tmp_path: Path, autojump_clock: MockClock) -> None:
    chip = small_chip()
    async with vaulted(tmp_path / "old", chip=chip) as it:
        await it.keeper.take()
    async with vaulted(tmp_path / "new", chip=chip) as it:
        assert await kept(it) == [0, 1]
        await it.keeper.take()
        assert await kept(it) == [1, 1]


async def test_changed_bonds_are_kept_once_they_are_quiet(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path) as it:
        for address in (3, 4, 5):
            await remove_the_bond(it, address)
            await trio.sleep(QUIET_S / 2)
            assert await kept(it) == [0]
        await trio.sleep(QUIET_S)
        assert await kept(it) == [1]
        found = await newest(it.shelves[0])
        assert found is not None
        assert found.manifest.module is not None
        assert found.manifest.module.bonded == (1, 2)


async def test_a_network_that_is_being_learned_is_waited_for(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    learning = [True]
    async with vaulted(tmp_path, busy=lambda: learning[0]) as it:
        await remove_the_bond(it, 3)
        await trio.sleep(5 * QUIET_S)
        assert await kept(it) == [0]
        learning[0] = False
        await trio.sleep(2 * QUIET_S)
        assert await kept(it) == [1]


async def test_the_schedule_looks_for_changes_only(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path, schedule_s=3600) as it:
        await trio.sleep(FIRST_LOOK_S + 60)
        assert await kept(it) == [1]
        await trio.sleep(3 * 3600)
        assert await kept(it) == [1]
        await it.store.save_setting("period", 3)
        await trio.sleep(3700)
        assert await kept(it) == [2]


async def test_nothing_is_made_unasked_of_a_coordinator_without_nodes(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path, schedule_s=3600) as it:
        await it.keeper.take()
        it.mesh.replace_coordinator(0x81FFFFFF, trio.current_time())
        await trio.sleep(2 * 3600)
        assert await kept(it) == [1]
        assert len(await it.keeper.take()) == 1


async def test_nodes_are_part_of_it_where_that_is_wanted(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    mesh = generate(4)
    mesh.node(2).online = False
    async with vaulted(tmp_path, mesh=mesh) as it:
        await it.keeper.take(nodes=True)
        found = await newest(it.shelves[0])
        assert found is not None
        parts = decode(found.data).parts
        assert [name for name in parts if name.startswith("node/")] == [
            "node/1",
            "node/3",
            "node/4",
        ]
        assert "node 2 is not in the snapshot: ERROR_TIMEOUT" in caplog.text


async def test_others_get_on_the_air_while_a_snapshot_is_made(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path) as it, trio.open_nursery() as nursery:
        nursery.start_soon(it.keeper.take)
        await trio.sleep(1)
        asked_at = trio.current_time()
        call = os_read(0)
        await it.scheduler.perform(Priority.INTERACTIVE, lambda: it.transceiver.call(call))
        # One block at most; all of them take ten seconds.
        assert trio.current_time() - asked_at < 0.6
        assert await kept(it) == [0]


async def test_a_copy_begins_anew_when_the_bonds_change_meanwhile(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path) as it, trio.open_nursery() as nursery:
        nursery.start_soon(it.keeper.take)
        await trio.sleep(5)
        await remove_the_bond(it, 3)
        await trio.sleep(QUIET_S / 2)
        found = await newest(it.shelves[0])
        assert found is not None
        assert found.manifest.module is not None
        assert found.manifest.module.bonded == (1, 2, 4, 5)


async def test_a_copy_that_failed_is_tried_again(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    block = COORDINATOR_BACKUP.key
    async with vaulted(tmp_path, schedule_s=3600) as it:
        it.mesh.faults.arm(
            Fault.REFUSAL, 1, times=3, when=lambda each: (each.pnum, each.pcmd) == block
        )
        with caplog.at_level(logging.WARNING):
            await trio.sleep(FIRST_LOOK_S + 30)
        assert await kept(it) == [0]
        assert "no snapshot: ERROR_FAIL: Coordinator Backup to 0" in caplog.text
        await trio.sleep(RETRY_S + 30)
        assert await kept(it) == [1]


class Dead(FlashChip):
    """A chip that has gone."""

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        raise FlashError("flash: gone")


async def test_a_flash_that_is_broken_does_not_keep_the_file_from_being_written(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path, chip=Dead(bytearray(4096))) as it:
        with pytest.raises(VaultError, match="flash: gone"):
            await it.keeper.take()
        assert len(await it.shelves[0].entries()) == 1


async def test_one_that_was_asked_for_says_why_it_failed(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path) as it:
        it.mesh.faults.arm(Fault.REFUSAL, 1, times=3)
        with pytest.raises(DpaError, match="ERROR_FAIL"):
            await it.keeper.take()


async def test_keys_are_never_logged(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with vaulted(tmp_path) as it:
        await it.keeper.take()
        devices = Devices(it.transceiver, it.scheduler)
        copy = await devices.copy(0)
        await devices.restore(0, copy.blocks, restart=False)
    for block in copy.blocks:
        if any(block[:-1]):
            assert block.hex() not in caplog.text.replace(".", "")
            assert repr(block) not in caplog.text


async def test_an_empty_database_pushes_out_no_snapshot_by_itself(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with vaulted(tmp_path, chip=small_chip()) as it:
        await it.store.save_network(Network.of([Device(0, it.mesh.coordinator.mid)]))
        await it.keeper.take()
        await it.store.reset_network()
        assert not await it.keeper.take(unasked=True)
        assert await kept(it) == [1, 1]
        await it.keeper.take()
        assert await kept(it) == [2, 2], "somebody asked for it"
