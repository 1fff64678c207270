"""How much of a disk is in use."""

import os
from pathlib import Path


def usage(file: Path) -> tuple[int, float | None]:
    """The size of a file in bytes, and which part of its file system is in use.

    0 and None where the system does not tell.
    """
    try:
        size = file.stat().st_size
    except OSError:
        size = 0
    try:
        found = os.statvfs(file.parent)
    except OSError:
        return size, None
    available = found.f_bavail + found.f_blocks - found.f_bfree
    return size, (found.f_blocks - found.f_bfree) / available if available else None
