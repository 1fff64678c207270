"""Files of an installation that a command writes: whole or not at all, the former one kept."""

import os
import tempfile
from itertools import count
from pathlib import Path

_MODE = 0o640
"""For root and the group of the directory, which is the service's."""


def replace(path: Path, content: bytes) -> Path | None:
    """Write `content` to `path`; a file of other content that was there is kept beside it.

    A link at `path` is replaced, not followed. Returns the path of what was kept. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _keep(path, content)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    made = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            file.write(content)
            os.fchmod(descriptor, _MODE)
            if os.geteuid() == 0:
                os.fchown(descriptor, 0, path.parent.stat().st_gid)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return kept


def _keep(path: Path, content: bytes) -> Path | None:
    """A second name for the file at `path`, unless it says the same."""
    if not path.is_symlink():
        try:
            if path.read_bytes() == content:
                return None
        except FileNotFoundError:
            return None
    for number in count():
        kept = path.with_name(f"{path.name}.bak{f'.{number}' if number else ''}")
        try:
            os.link(path, kept, follow_symlinks=False)
        except FileExistsError:
            continue
        return kept
    raise AssertionError("counting has no end")
