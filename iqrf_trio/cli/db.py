"""The database from the command line: taking an old gateway's over."""

import argparse
from functools import partial
from pathlib import Path

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support.state import database_path
from iqrf_trio.config import ConfigError
from iqrf_trio.store import StoreError, network_import
from iqrf_trio.store.sqlite import opened, transact
from protocol.network.identity import listed

HELP = """Take over the devices of an old gateway's database, with their metadata and latest
values. What is known here is not replaced. The gateway may be running."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser("import", help="take over an old gateway's devices")
    action.add_argument("file", metavar="FILE", type=Path, help="its IqrfDb.db, or IqrfInfo.db")
    action.add_argument("--state-dir", metavar="DIR", type=Path, help="where our database is")
    action.add_argument(
        "-c", "--config", metavar="FILE", type=Path, help="the configuration that names DIR"
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    try:
        path = database_path(arguments.state_dir, arguments.config)
        imported = network_import.read(arguments.file)
        with opened(path) as connection:
            work = partial(network_import.take_over, imported=imported)
            taken = transact(connection, work)
    except ConfigError as error:
        raise Failure(str(error), exit_code=USAGE) from None
    except StoreError as error:
        raise Failure(str(error)) from None
    print(f"{len(taken.added)} of {len(imported)} devices are taken over.")
    if taken.completed:
        print(f"Known already, but completed: {listed(taken.completed)}.")
    if taken.refused:
        print(f"Left out, as other modules have their addresses: {listed(taken.refused)}.")
    return 0
