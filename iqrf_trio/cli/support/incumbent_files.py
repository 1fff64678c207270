"""The files of an old gateway as they lie on the disk, or in an archive that it exported."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from iqrf_trio.cli import Failure

MAX_FILE = 1024 * 1024
"""Bytes of a file that can be a task."""

ALL_TASKS = "Scheduler/Tasks.json"
"""Where version 2.0 had its tasks, in the folder of its configuration."""


def tasks(place: Path, configuration: Path) -> Mapping[str, bytes]:
    """The files of tasks by their names: of a folder, of an exported archive, or this one.

    A folder that is not there has none. Raises Failure.
    """
    try:
        if zipfile.is_zipfile(place):
            return _in_archive(place)
        if place.is_dir() or not place.exists():
            files = [*place.glob("*.json"), configuration / ALL_TASKS]
        else:
            files = [place]
        return {file.name: _read(file) for file in sorted(files) if file.is_file()}
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}", "run me as root") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise Failure(f"cannot read {place}: {error}", "export the tasks again") from None


def _read(file: Path) -> bytes:
    """The content; of a file that is too large only its begin, which is no JSON."""
    with file.open("rb") as opened:
        return opened.read(MAX_FILE)


def _in_archive(place: Path) -> Mapping[str, bytes]:
    found = {}
    with zipfile.ZipFile(place) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                with archive.open(name) as opened:
                    found[name] = opened.read(MAX_FILE)
    return found
