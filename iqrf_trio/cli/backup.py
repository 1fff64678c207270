"""`iqrf-trio backup`: a snapshot now."""

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trio
from attrs import frozen

from iqrf_trio.cli import config
from iqrf_trio.cli.support import access, interruption
from iqrf_trio.cli.support.privileges import account_of
from iqrf_trio.cli.support.reach import gateway_parts
from iqrf_trio.cli.support.rendering import pretty
from iqrf_trio.cli.support.snapshots import choose, failures, shelves
from iqrf_trio.cli.support.target import Target
from iqrf_trio.config import Config
from iqrf_trio.services.vault import files
from iqrf_trio.services.vault.shelves import Entry, Shelf
from iqrf_trio.wiring.vault import keeper_of

HELP = """Make a snapshot of the gateway: the coordinator with its bonds and keys, the database
(devices, metadata, settings, hashes of tokens) and the configuration. It is kept in the state
directory and in the flash, where one is configured; --file and --flash choose one place. If the
gateway runs, its coordinator is read through its API, which takes a token; else by the port."""

FOUND = "the gateway of the configuration, if it runs"


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--file", metavar="F", type=Path, help="write the snapshot to this file")
    place.add_argument("--flash", action="store_true", help="write it to the flash only")
    parser.add_argument("--nodes", action="store_true", help="copy all nodes too; this takes long")
    parser.add_argument("--json", action="store_true", help="a JSON array of what was kept")
    config.add_options(parser)
    access.add_options(parser, found=FOUND)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    loaded = config.load(arguments)
    access.keep_token(arguments)
    account = account_of(loaded.gateway.state_dir)
    target = None
    if account:
        target = Target.open(arguments.file) if arguments.file else None
        account.become()
    try:
        with failures():
            interruption.run(partial(_backup, arguments, loaded, target))
    finally:
        if target:
            target.give_up()
    return 0


async def _backup(arguments: argparse.Namespace, loaded: Config, target: Target | None) -> None:
    async with (
        shelves(loaded) as every,
        gateway_parts(arguments, loaded) as (coordinator, store),
    ):
        chosen = [OneFile(arguments.file, target)] if arguments.file else choose(every, arguments)
        keeper = keeper_of(loaded, store, coordinator, _now, shelves=chosen)
        names = await keeper.take(nodes=arguments.nodes)
    if arguments.json:
        print(pretty(names))
        return
    for name in names:
        print(f"snapshot kept: {name}")
    if not names:
        print("nothing has changed since the last snapshot")


@frozen
class OneFile(Shelf):
    """A file that somebody named."""

    path: Path
    target: Target | None = None
    """The file where root has opened it."""

    @property
    def name(self) -> str:
        """See Shelf."""
        return str(self.path)

    async def entries(self) -> list[Entry]:
        """See Shelf; what the file held before does not matter."""
        return []

    async def add(self, data: bytes, now: datetime) -> str:
        """See Shelf."""
        write = self.target.finish if self.target else partial(files.write_private, self.path)
        await trio.to_thread.run_sync(write, data)
        return self.name


def _now() -> datetime:
    return datetime.now(UTC)
