"""The names of messages, keys and boards in the completion for bash."""

import re
from pathlib import Path
from textwrap import fill

from iqrf_trio.config import Config, explained
from protocol.api.registry import REGISTRY
from protocol.link.boards import BOARDS

FILE = Path(__file__).parent.parent / "etc" / "completions" / "iqrf-trio.bash"


def script() -> str:
    """The completion with the names of today."""
    keys = [key for key, _, _ in explained(Config())]
    text = FILE.read_text("utf-8")
    for what, names in (("messages", sorted(REGISTRY)), ("keys", keys), ("boards", list(BOARDS))):
        listed = fill(" ".join(names), 96, break_long_words=False, break_on_hyphens=False)
        place = re.compile(rf'(?<=^_iqrf_trio_{what}=")[^"]*', re.MULTILINE)
        text = place.sub(f"\n{listed}\n", text)
    return text
