"""The database from the command line: taking an old gateway's over, and beginning anew."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path

from attrs import asdict

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.cli.support.rendering import pretty
from iqrf_trio.cli.support.state import database_path
from iqrf_trio.cli.support.tables import cell
from iqrf_trio.config import ConfigError
from iqrf_trio.store import StoreError, files, network_import, occupied
from iqrf_trio.store.sqlite import connect, opened, transact
from protocol.network.identity import listed

HELP = """Take over the devices of an old gateway's database, or begin with an empty one."""

_IMPORT = """Take over the devices of an old gateway's database, with their metadata and latest
values. What is known here is not replaced. The gateway may be running."""

_NEW = """Begin with an empty database: no devices, no settings, no tokens. The present one is set
aside under another name. The gateway must be stopped."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser(
        "import", help="take over an old gateway's devices", description=_IMPORT
    )
    action.add_argument("file", metavar="FILE", type=Path, help="its IqrfDb.db")
    action.add_argument("--json", action="store_true", help="one JSON object")
    _add_place(action)
    new = actions.add_parser("new", help="begin with an empty database", description=_NEW)
    new.add_argument("--json", action="store_true", help="one JSON object")
    _add_place(new)


def _add_place(action: argparse.ArgumentParser) -> None:
    action.add_argument("--state-dir", metavar="DIR", type=Path, help="where our database is")
    action.add_argument(
        "-c", "--config", metavar="FILE", type=Path, help="the configuration that names DIR"
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    try:
        path = database_path(arguments.state_dir, arguments.config)
        if arguments.action == "new":
            give_up_root(path.parent)
            _begin_anew(path, as_json=arguments.json)
        else:
            _import(arguments.file, path, as_json=arguments.json)
    except ConfigError as error:
        raise Failure(str(error), exit_code=USAGE) from None
    except StoreError as error:
        raise Failure(str(error)) from None
    return 0


def _begin_anew(path: Path, *, as_json: bool) -> None:
    with occupied(path.parent):
        aside = None
        if files.exists(path):
            with suppress(StoreError):
                # Closing writes the WAL back, so that one file holds everything.
                connect(path, create=False).close()
            aside = files.set_aside(path, "set-aside")
        connect(path, fresh=True).close()
    if as_json:
        print(pretty({"database": str(path), "former": None if aside is None else str(aside)}))
        return
    print(f"{path} is new and empty; `iqrf-trio token create` makes a token.")
    if aside is not None:
        print(f"The former one is kept as {aside}.")


def _import(file: Path, path: Path, *, as_json: bool) -> None:
    imported = network_import.read(file)
    give_up_root(path.parent)
    with opened(path) as connection:
        taken = transact(connection, partial(network_import.take_over, imported=imported))
    if as_json:
        told = {"devices": len(imported.network)} | asdict(taken) | {"lost": imported.lost}
        print(pretty(told))
        return
    print(f"{len(taken.added)} of {len(imported.network)} devices are taken over.")
    if taken.completed:
        print(f"Known already, but completed: {listed(taken.completed)}.")
    if taken.refused:
        print(f"Left out, as other modules have their addresses: {listed(taken.refused)}.")
    if taken.other_metadata:
        print(f"Metadata left out, as they have others here: {listed(taken.other_metadata)}.")
    if taken.kept:
        print(f"Metadata of {taken.kept} modules are kept for when they are bonded.")
    for each in imported.lost:
        print(f"Lost: {cell(each)}.")
