"""The names of the messages in the completion for bash."""

import re
from pathlib import Path
from textwrap import fill

from protocol.api.registry import REGISTRY

FILE = Path(__file__).parent.parent / "etc" / "completions" / "iqrf-trio.bash"

_NAMES = re.compile(r"(?<=^_iqrf_trio_messages=\")[^\"]*", re.MULTILINE)


def script() -> str:
    """The completion with the names of today."""
    names = fill(" ".join(sorted(REGISTRY)), 96, break_long_words=False, break_on_hyphens=False)
    return _NAMES.sub(f"\n{names}\n", FILE.read_text("utf-8"))
