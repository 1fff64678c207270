"""`iqrf-trio vault`: the snapshots that are kept, whether they are whole, and what is in them."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import orjson

from iqrf_trio.cli import FAILED, config
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.cli.support.rendering import pretty
from iqrf_trio.cli.support.snapshots import choose, failures, find, named, opened, shelves
from iqrf_trio.cli.support.tables import table
from iqrf_trio.config import Config
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.shelves import Found, Shelf
from iqrf_trio.store import archive, devices, tokens
from protocol.auth.times import format_iso
from protocol.vault import snapshot
from protocol.vault.comparison import dpa_text, listed
from protocol.vault.snapshot import Manifest, Module, SnapshotError, node_address, verify

HELP = """List the snapshots that are kept in the state directory and in the flash, check that each
is whole, or show what is in one: never keys, and of tokens neither secrets nor hashes."""

_COLUMNS = ("snapshot", "made at", "gateway", "coordinator", "nodes", "bytes", "sealed", "whole")

_DEVICE = ("device", "MID", "product", "sensors", "metadata")
_TOKEN = ("token", "owner", "expires", "scope", "service")


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("what", choices=("list", "verify", "show"))
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--file", metavar="F", type=Path, help="the snapshot in this file")
    source.add_argument("--flash", action="store_true", help="only what is in the flash")
    parser.add_argument(
        "--configuration", action="store_true", help="show nothing but the configuration, as TOML"
    )
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    config.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code: 1 if `verify` finds damage. Raises Failure."""
    loaded = config.load(arguments)
    with failures():
        given = named(arguments)
        give_up_root(loaded.gateway.state_dir)
        return interruption.run(partial(_vault, arguments, loaded, given))


async def _vault(arguments: argparse.Namespace, loaded: Config, given: Found | None) -> int:
    async with shelves(loaded) as kept:
        if arguments.what == "show":
            found = given or await find(kept, arguments)
            whole = opened(found, loaded)
            if arguments.configuration:
                print(whole.parts[snapshot.CONFIGURATION].decode(), end="")
            elif arguments.json:
                print(pretty(_document(found.manifest, whole.parts)))
            else:
                print("\n".join(_shown(found.manifest, whole.parts)))
            return 0
        if given is not None:
            rows = [_row(given.name, given.manifest, len(given.data))]
        else:
            rows = [row for shelf in choose(kept, arguments) for row in await _rows(shelf)]
    if arguments.json:
        print(pretty(_named([name.replace(" ", "_") for name in _COLUMNS], rows)))
    else:
        print(table(_COLUMNS, rows) if rows else "no snapshots")
    damaged = any(row[-1] != "yes" for row in rows)
    return FAILED if damaged and arguments.what == "verify" else 0


async def _rows(shelf: Shelf) -> list[tuple[object, ...]]:
    rows = list[tuple[object, ...]]()
    for entry in await shelf.entries():
        try:
            data = await entry.read()
            rows.append(_row(entry.name, verify(data), len(data)))
        except (SnapshotError, VaultError) as error:
            rows.append((entry.name, *[None] * (len(_COLUMNS) - 2), f"no: {error}"))
    return rows


def _row(name: str, manifest: Manifest, size: int) -> tuple[object, ...]:
    module = manifest.module
    return (
        name,
        format_iso(manifest.made_at),
        manifest.gateway,
        f"{module.mid:08X}" if module else None,
        len(module.bonded) if module else None,
        size,
        manifest.seal is not None,
        "yes",
    )


def _shown(manifest: Manifest, parts: Mapping[str, bytes]) -> Iterator[str]:
    yield f"made at      {format_iso(manifest.made_at)}"
    yield f"gateway      {manifest.gateway}"
    yield f"encrypted    {'yes' if manifest.seal else 'no'}"
    if manifest.module:
        yield f"coordinator  {_module(manifest.module)}"
    nodes = [address for name in parts if (address := node_address(name)) is not None]
    yield f"node backups {listed(nodes) or 'none'}"
    yield ""
    rows = [(part.name, part.size, part.sha256[:16]) for part in manifest.parts]
    yield table(("part", "bytes", "SHA-256"), rows)
    if database := parts.get(snapshot.DATABASE):
        yield from _database(database)


def _module(module: Module) -> str:
    return f"{module.mid:08X}, DPA {dpa_text(module.dpa)}, nodes {listed(module.bonded) or 'none'}"


def _document(manifest: Manifest, parts: Mapping[str, bytes]) -> dict[str, object]:
    """The same as one JSON object."""
    module, database = manifest.module, parts.get(snapshot.DATABASE)
    return {
        "made_at": format_iso(manifest.made_at),
        "gateway": manifest.gateway,
        "encrypted": manifest.seal is not None,
        "coordinator": None
        if module is None
        else {"mid": f"{module.mid:08X}", "dpa": dpa_text(module.dpa), "nodes": module.bonded},
        "node_backups": [at for name in parts if (at := node_address(name)) is not None],
        "parts": [
            {"name": part.name, "bytes": part.size, "sha256": part.sha256}
            for part in manifest.parts
        ],
        "devices": _named(_DEVICE, _devices(database) if database else []),
        "tokens": _named(_TOKEN, _tokens(database) if database else []),
    }


def _named(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, object]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _database(data: bytes) -> Iterator[str]:
    rows = [
        (*row[:-1], None if row[-1] is None else orjson.dumps(row[-1]).decode())
        for row in _devices(data)
    ]
    yield ""
    yield table(_DEVICE, rows) if rows else "no devices"
    if told := _tokens(data):
        yield ""
        yield table(_TOKEN, told)


def _devices(data: bytes) -> Sequence[Sequence[object]]:
    return [
        (
            device.address,
            f"{device.mid:08X}",
            device.product and device.product.name,
            len(device.sensors),
            None if device.metadata is None else dict(device.metadata),
        )
        for device in archive.look(data, devices.load)
    ]


def _tokens(data: bytes) -> Sequence[Sequence[object]]:
    return [
        (each.id, each.owner, format_iso(each.expires_at), each.scope.value, each.service)
        for each in archive.look(data, tokens.all_of_them)
    ]
