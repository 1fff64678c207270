"""The product catalogue from the command line: made of an old gateway's repository cache."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile
from zipfile import Path as ZipPath

from attrs import asdict

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support.privileges import refuse_foreign_links
from iqrf_trio.cli.support.rendering import pretty
from protocol.network.catalogue import Entry, dump

HELP = """Print a product catalogue made of an old gateway's repository cache, a directory or a zip
file. Keep it in a file, and name that in [database] products."""

_PRODUCTS = ("products/data.json", "products")
"""The list of products within the cache: as a gateway keeps it, and as it may be packed."""

Folder = Path | ZipPath


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    action = actions.add_parser("import", help="print the catalogue in a repository cache")
    action.add_argument(
        "file", metavar="FILE", type=Path, help="a zip file or directory, e.g. iqrfRepoCache/cache"
    )
    action.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it there instead")
    action.add_argument("--json", action="store_true", help="the catalogue as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    found = read(arguments.file)
    catalogue = dump(found)
    if arguments.json:
        print(pretty([asdict(entry, filter=_is_known) for entry in found]))
    if arguments.output is None and arguments.json:
        return 0
    if arguments.output is None:
        print(catalogue, end="")
        return 0
    refuse_foreign_links(arguments.output)
    try:
        arguments.output.write_text(catalogue, "utf-8")
    except OSError as error:
        raise Failure(f"cannot write {arguments.output}: {error.strerror}") from None
    if not arguments.json:
        print(f'Now write products = "{arguments.output.absolute()}" under [database].')
    return 0


def _is_known(_attribute: object, value: object) -> bool:
    """A cache says nothing of generic sensors."""
    return value != ()


def read(path: Path) -> list[Entry]:
    """The products in the repository cache at `path`, by HWPID. Raises Failure."""
    try:
        with _folder(path) as folder:
            rows = json.loads(_list_in(folder, path).read_text("utf-8"))
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from None
    except (BadZipFile, ValueError) as error:
        raise Failure(f"{path}: {error}", "name a cache directory or a zip file of one") from None
    if not isinstance(rows, list):
        raise Failure(f"{path}: the products are no list")
    return sorted((_entry(row, path) for row in rows), key=lambda entry: entry.hwpid)


@contextmanager
def _folder(path: Path) -> Iterator[Folder]:
    if path.is_dir():
        yield path
        return
    with ZipFile(path) as archive:
        yield ZipPath(archive)


def _list_in(folder: Folder, path: Path) -> Folder:
    """Where the list of products stands: at the top, or in a folder called cache."""
    for base in (folder, folder / "cache", folder / "iqrfRepoCache" / "cache"):
        for name in _PRODUCTS:
            if (file := base.joinpath(name)).is_file():
                return file
    raise Failure(f"there is no {_PRODUCTS[0]} in {path}", "name the folder that holds it")


def _entry(row: Any, path: Path) -> Entry:
    try:
        hwpid, name, maker = row["hwpid"], row["name"], row["companyName"]
    except (KeyError, TypeError):
        raise Failure(f"{path}: {json.dumps(row)[:60]} is no product") from None
    if type(hwpid) is not int or not 0 <= hwpid <= 0xFFFF:
        raise Failure(f"{path}: {hwpid!r} is no HWPID")
    return Entry(hwpid, str(maker), str(name))
