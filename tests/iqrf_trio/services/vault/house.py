"""A vault for tests: a mesh, a store and a keeper in one nursery, on a virtual clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trio
from attrs import frozen

from iqrf_trio.edges.flash import Flash
from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.services.vault.contents import Contents
from iqrf_trio.services.vault.devices import Devices
from iqrf_trio.services.vault.files import Files
from iqrf_trio.services.vault.keeper import Keeper
from iqrf_trio.services.vault.shelves import FileShelf, FlashShelf, Shelf
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.flash import FlashChip
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.store import Store, inline
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.transaction import Outcome

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@frozen(eq=False)
class Vaulted:
    """What a test of the vault works with."""

    mesh: Mesh
    store: Store
    transceiver: Transceiver
    scheduler: Scheduler
    keeper: Keeper
    shelves: Sequence[Shelf]


def small_chip() -> FlashChip:
    return FlashChip(bytearray(b"\xff" * (256 * 1024)))


def flash_shelf(chip: FlashChip, directory: Path) -> FlashShelf:
    return FlashShelf(lambda: Flash.detect(chip, 1e6), directory / "flash.lock", inline)


def file_shelf(directory: Path) -> FileShelf:
    return FileShelf(Files(directory / "vault", 3), inline)


def now() -> datetime:
    return START + timedelta(seconds=trio.current_time())


@asynccontextmanager
async def vaulted(
    directory: Path,
    *,
    mesh: Mesh | None = None,
    chip: FlashChip | None = None,
    schedule_s: float = float("inf"),
    nodes: bool = False,
    busy: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Vaulted]:
    """A gateway but for its clients; its keeper runs."""
    mesh = mesh or generate(5)
    shelves: list[Shelf] = [file_shelf(directory)]
    if chip is not None:
        shelves.append(flash_shelf(chip, directory))

    def on_answer(outcome: Outcome) -> None:
        keeper.observe(outcome)

    transceiver = Transceiver(SimulatorPort(mesh, 1), on_async=lambda _: None, on_answer=on_answer)
    scheduler = Scheduler()
    async with Store.open(directory / "a.db", hop=inline) as store, trio.open_nursery() as nursery:
        devices = Devices(transceiver, scheduler, yielding=True)
        keeper = Keeper(
            Contents(store, devices, now, "test", "[gateway]\n"),
            shelves,
            now,
            schedule_s=schedule_s,
            nodes=nodes,
            busy=busy,
            hop=inline,
        )
        await nursery.start(transceiver.run)
        await nursery.start(scheduler.run_network)
        await transceiver.wait_connected()
        nursery.start_soon(keeper.run)
        yield Vaulted(mesh, store, transceiver, scheduler, keeper, shelves)
        nursery.cancel_scope.cancel()
