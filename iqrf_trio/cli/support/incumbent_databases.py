"""What an old gateway's databases hold, and its tasks, as rows of our database."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from iqrf_trio.cli import Failure
from iqrf_trio.config.incumbent import Translation
from iqrf_trio.store import StoreError, network_import, token_import
from iqrf_trio.store import tasks as task_rows
from iqrf_trio.store.network_import import Imported
from iqrf_trio.store.sqlite import opened, transact
from protocol.network.identity import listed
from protocol.tasks.task import Task

TOKENS = "IqrfAuthDb.db"
DEVICES = ("IqrfDb.db", "IqrfInfo.db")
"""The database of devices since 2.7, and that of the versions before."""


def read_tokens(source: Path, translation: Translation) -> Sequence[token_import.Record] | None:
    """The old gateway's tokens, None where there is no database of them."""
    if not source.is_file():
        translation.leave("API tokens", f"there is no {source}")
        return None
    try:
        return token_import.read(source)
    except StoreError as error:
        raise Failure(str(error)) from None


def import_tokens(
    records: Sequence[token_import.Record], source: Path, path: Path, translation: Translation
) -> None:
    """Take the tokens over into our database at `path`. Raises Failure."""
    try:
        with opened(path) as connection:
            records = transact(connection, partial(token_import.take_over, records=records))
    except StoreError as error:
        raise Failure(str(error)) from None
    for record in records:
        if not record.token:
            translation.leave(f"API token {record.id} of {record.owner}", str(record.obstacle))
    taken = sum(record.token is not None for record in records)
    translation.taken.append(f"{taken} of {len(records)} API tokens from {source}")


def read_devices(directory: Path, translation: Translation) -> tuple[Imported, Path] | None:
    """The devices of the newest database that is there, and that database."""
    sources = [directory / name for name in DEVICES if (directory / name).is_file()]
    if not sources:
        translation.leave("devices", f"there is no {directory / DEVICES[0]}")
        return None
    source, *older = sources
    for each in older:
        translation.leave(str(each), f"{source.name} is newer")
    try:
        return network_import.read(source), source
    except StoreError as error:
        raise Failure(str(error)) from None


def import_devices(imported: Imported, source: Path, path: Path, translation: Translation) -> None:
    """Take the devices over into our database at `path`. Raises Failure."""
    try:
        with opened(path) as connection:
            taken = transact(connection, partial(network_import.take_over, imported=imported))
    except StoreError as error:
        raise Failure(str(error)) from None
    if taken.refused:
        refused = listed(taken.refused)
        translation.leave(f"devices at {refused}", "other modules have their addresses here")
    if taken.other_metadata:
        own = listed(taken.other_metadata)
        translation.leave(f"metadata of the devices at {own}", "they have other metadata here")
    translation.left += imported.lost
    translation.taken.append(
        f"{len(taken.added)} of {len(imported.network)} devices with their metadata from {source}"
    )
    if taken.completed:
        completed = listed(taken.completed)
        translation.taken.append(f"what was not known of the devices at {completed}")
    if taken.kept:
        translation.taken.append(
            f"metadata of {taken.kept} modules that are not in the network, for when they come"
        )


def import_tasks(found: Sequence[Task], source: Path, path: Path, translation: Translation) -> None:
    """Take the tasks over into our database at `path`. Raises Failure."""
    try:
        with opened(path) as connection:
            taken = transact(connection, partial(task_rows.take_over, imported=found))
    except StoreError as error:
        raise Failure(str(error)) from None
    translation.left += [f"task {each.task_id}: {reason}" for each, reason in taken.refused]
    translation.taken.append(f"{len(taken.added)} of {len(found)} tasks from {source}")
