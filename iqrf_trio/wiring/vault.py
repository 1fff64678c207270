"""The vault that a configuration means: its shelves, its passphrase, and its flash."""

import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import trio

from iqrf_trio.config import Config, ConfigError, plain
from iqrf_trio.edges.flash import Bus, Flash, FlashError
from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.spibus import SpiBus
from iqrf_trio.services.vault import recovery
from iqrf_trio.services.vault.cipher import Passphrase
from iqrf_trio.services.vault.contents import Contents, Source
from iqrf_trio.services.vault.files import DIRECTORY, Files, VaultError
from iqrf_trio.services.vault.keeper import Keeper
from iqrf_trio.services.vault.shelves import FileShelf, FlashShelf, Shelf
from iqrf_trio.store import Store
from iqrf_trio.store.database import Hop
from iqrf_trio.wiring.packages import require

FLASH_LOCK = "flash.lock"
"""In the state directory: who holds it writes to the flash, the gateway or a command."""

_SELECT_US = 0
"""A flash needs no pause between chip select and the clock."""


def file_shelf(config: Config, hop: Hop = trio.to_thread.run_sync) -> FileShelf:
    """The files in the state directory."""
    directory = config.gateway.state_dir / DIRECTORY
    return FileShelf(Files(directory, config.vault.generations), hop)


def flash_shelf(config: Config, hop: Hop = trio.to_thread.run_sync) -> FlashShelf | None:
    """The flash, None where none is configured; nothing is opened yet. Raises ConfigError."""
    device = config.vault.device
    if not device:
        return None
    require(config, "vault.device", "spiflash", extra="vault", package="pyspiflash")
    simulated = config.port.kind == "simulator"
    if not simulated:
        _check(config)
    opened = partial(_open_file, Path(device)) if simulated else partial(_open_bus, config)

    def detect() -> Flash:
        return Flash.detect(opened(), config.vault.frequency, config.vault.flash_size)

    return FlashShelf(detect, config.gateway.state_dir / FLASH_LOCK, hop)


def shelves_of(config: Config, hop: Hop = trio.to_thread.run_sync) -> Sequence[Shelf]:
    """Every place for snapshots that is configured. Raises ConfigError."""
    flash = flash_shelf(config, hop)
    return [file_shelf(config, hop), *([flash] if flash else [])]


def passphrase_of(config: Config) -> Passphrase | None:
    """What encrypts the snapshots, None where nothing does. Raises VaultError and ConfigError.

    The group of this process and that of the state directory are the service's, and may read it.
    """
    key, file = "vault.passphrase_file", config.vault.passphrase_file
    if not file:
        return None
    require(config, key, "cryptography", extra="vault")
    groups = {os.getegid()}
    with suppress(OSError):
        groups.add(config.gateway.state_dir.stat().st_gid)
    return Passphrase.read(Path(file), groups)


def keeper_of(
    config: Config,
    store: Store,
    devices: Source,
    now: Callable[[], datetime],
    *,
    busy: Callable[[], bool] = lambda: False,
    shelves: Sequence[Shelf] | None = None,
    hop: Hop = trio.to_thread.run_sync,
) -> Keeper:
    """What makes the gateway's snapshots; `shelves` other than those of the configuration.

    Raises ConfigError.
    """
    name, settings = config.gateway.instance_id, config.vault
    try:
        passphrase = passphrase_of(config)
    except VaultError as error:
        key = "vault.passphrase_file"
        file = settings.passphrase_file
        fix = f"sudo chown root:iqrf-trio {file} && sudo chmod 640 {file}, or leave the key empty"
        raise ConfigError(config.origins.get(key, ""), key, str(error), fix) from None
    return Keeper(
        Contents(store, devices, now, name, plain(config)),
        shelves_of(config, hop) if shelves is None else shelves,
        now,
        passphrase,
        settings.schedule * 3600 or math.inf,
        settings.nodes,
        busy,
        hop,
    )


async def recover(store: Store, config: Config, hop: Hop = trio.to_thread.run_sync) -> None:
    """Bring an empty database back from the vault, or say what does. Raises ConfigError."""
    flash = flash_shelf(config, hop)
    try:
        shelves: list[Shelf] = [file_shelf(config, hop), *([flash] if flash else [])]
        auto = config.vault.auto_restore
        await recovery.recover(store, shelves, partial(passphrase_of, config), auto=auto)
    finally:
        if flash is not None:
            await flash.close()


def _check(config: Config) -> None:
    key, device = "vault.device", config.vault.device
    fix = 'name the flash\'s own chip select, for example device = "/dev/spidev0.1"'
    origin = config.origins.get(key, "")
    if not device.startswith("/dev/spidev"):
        raise ConfigError(origin, key, f'is "{device}", which is no SPI device', fix)
    if config.port.kind == "spi" and device == config.port.device:
        raise ConfigError(origin, key, "is the device of the IQRF module", fix)


def _open_bus(config: Config) -> Bus:
    try:
        return SpiBus.open(config.vault.device, config.vault.frequency, _SELECT_US)
    except PortError as error:
        raise FlashError(str(error)) from error


def _open_file(path: Path) -> Bus:
    from iqrf_trio.simulator.flash import chip_in_file  # noqa: PLC0415 - few flashes are a file

    try:
        return chip_in_file(path)
    except OSError as error:
        raise FlashError(f"simulated flash {path}: {error.strerror}") from error
