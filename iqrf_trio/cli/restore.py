"""`iqrf-trio restore`: what a snapshot holds comes back, after a look at what that changes."""

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
import trio

from iqrf_trio.cli import Failure, config
from iqrf_trio.cli.backup import FOUND, OneFile
from iqrf_trio.cli.support import access, interruption
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.cli.support.reach import Radio, gateway_parts
from iqrf_trio.cli.support.snapshots import failures, find, named, opened, shelves
from iqrf_trio.config import Config
from iqrf_trio.services.vault.files import DIRECTORY, SUFFIX, make_directory
from iqrf_trio.services.vault.shelves import Found
from iqrf_trio.store import DATABASE_NAME, Store, archive, devices
from iqrf_trio.wiring.vault import keeper_of
from protocol.auth.times import format_iso
from protocol.dpa.packet import COORDINATOR
from protocol.vault import comparison, snapshot
from protocol.vault.blocks import unpack
from protocol.vault.snapshot import Module, Snapshot

HELP = """Restore a snapshot: the newest one that is kept, or that in --file or --flash. It is said
what would change; a coordinator or database of another network, or of other versions, is refused
without --force. The state before is kept as a snapshot, and what was written is read back. If the
gateway runs, its coordinator is reached through its API, which takes a token; else through the
port. Settings of a gateway that runs take effect with its next start."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--file", metavar="F", type=Path, help="the snapshot in this file")
    source.add_argument("--flash", action="store_true", help="the newest one in the flash")
    parser.add_argument("--coordinator", action="store_true", help="only bonds and keys")
    parser.add_argument(
        "--database", action="store_true", help="only devices, metadata, settings and tokens"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument("--force", action="store_true", help="restore whatever speaks against it")
    parser.add_argument("--json", action="store_true", help="a JSON object for each line")
    config.add_options(parser)
    access.add_options(parser, found=FOUND)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    loaded = config.load(arguments)
    access.keep_token(arguments)
    with failures():
        given = named(arguments)
        give_up_root(loaded.gateway.state_dir)
        interruption.run(partial(_restore, arguments, loaded, given))
    return 0


async def _restore(arguments: argparse.Namespace, loaded: Config, given: Found | None) -> None:
    async with shelves(loaded) as kept:
        found = given or await find(kept, arguments)
    whole = opened(found, loaded)
    text = f"snapshot of {format_iso(whole.made_at)}: {found.name}"
    _tell(arguments, "snapshot", text)
    both = arguments.coordinator == arguments.database
    if not (both or arguments.coordinator):
        async with Store.open(loaded.gateway.state_dir / DATABASE_NAME) as store:
            await _database(arguments, store, whole)
        return
    async with gateway_parts(arguments, loaded) as (coordinator, store):
        here = await coordinator.module()
        _check_coordinator(arguments, whole, here)
        if both:
            _check_database(arguments, store, whole)
        if arguments.dry_run:
            return
        if here.bonded or len(store.network):
            await _keep_what_was(arguments, loaded, store, coordinator)
        await coordinator.restore(
            COORDINATOR, unpack(_part(whole, snapshot.COORDINATOR)), restart=True
        )
        _tell(arguments, "coordinator", "the coordinator is restored and was read back")
        if both:
            await _write(arguments, store, whole)


async def _database(arguments: argparse.Namespace, store: Store, whole: Snapshot) -> None:
    _check_database(arguments, store, whole)
    if not arguments.dry_run:
        await _write(arguments, store, whole)


async def _write(arguments: argparse.Namespace, store: Store, whole: Snapshot) -> None:
    await store.restore(_part(whole, snapshot.DATABASE))
    _tell(arguments, "database", "the database is restored and was read back")


def _check_coordinator(arguments: argparse.Namespace, whole: Snapshot, here: Module) -> None:
    _part(whole, snapshot.COORDINATOR)
    assert whole.module is not None
    _say(arguments, "coordinator", comparison.bond_changes(whole.module, here))
    _object(arguments, comparison.unfit(whole.module, here))
    _object(arguments, comparison.foreign(whole.module, here))


def _check_database(arguments: argparse.Namespace, store: Store, whole: Snapshot) -> None:
    kept = archive.look(_part(whole, snapshot.DATABASE), devices.load)
    _say(arguments, "database", comparison.device_changes(kept, store.network))
    _object(arguments, comparison.foreign_database(whole.module, store.network))


def _say(arguments: argparse.Namespace, part: str, changes: Iterable[str]) -> None:
    for change in changes:
        _tell(arguments, part, change, f"{part}: {change}")


def _tell(arguments: argparse.Namespace, part: str, text: str, line: str = "") -> None:
    """Print what happens to a part: a line, or with --json an object."""
    told = orjson.dumps({"part": part, "text": text}).decode()
    print(told if arguments.json else line or text, flush=True)


def _object(arguments: argparse.Namespace, objections: Iterable[str]) -> None:
    """Refuse, or, where that is overruled, warn."""
    for objection in objections:
        if not arguments.force:
            raise Failure(objection, "restore it nevertheless with --force")
        print(f"warning: {objection}", file=sys.stderr)


def _part(whole: Snapshot, name: str) -> bytes:
    if name not in whole.parts:
        raise Failure(f"the snapshot has no {name}")
    return whole.parts[name]


async def _keep_what_was(
    arguments: argparse.Namespace, loaded: Config, store: Store, coordinator: Radio
) -> None:
    """A snapshot of what is about to be replaced, under a name that is never taken by itself."""
    directory = loaded.gateway.state_dir / DIRECTORY
    await trio.to_thread.run_sync(make_directory, directory)
    now = datetime.now(UTC)
    shelf = OneFile(directory / f"before-restore-{now:%Y%m%dT%H%M%SZ}{SUFFIX}")
    for name in await keeper_of(loaded, store, coordinator, lambda: now, shelves=[shelf]).take():
        _tell(arguments, "snapshot", f"what was there before is kept: {name}")
