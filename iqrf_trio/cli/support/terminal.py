"""What a terminal can show that a file cannot: a line that is replaced, a width, colours."""

import os
import shutil
import sys
from typing import TextIO

from attrs import define, field

from protocol.network.pace import Pace

_BAR = 20
_CLEAR = "\r\x1b[K"


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream, on something that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def width(stream: TextIO) -> int | None:
    """The columns of the terminal behind the stream; None where lines may have any length."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def colours(stream: TextIO) -> bool:
    """Whether to write in colours (no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def red(text: str, stream: TextIO) -> str:
    """The text, in red where there are colours: what went wrong."""
    return f"\x1b[31m{text}\x1b[0m" if colours(stream) else text


@define
class ProgressLine:
    """One line on a terminal that tells how far something is; nothing anywhere else."""

    _stream: TextIO = field(factory=lambda: sys.stderr)
    _shown: bool = False

    @property
    def wanted(self) -> bool:
        """Whether anybody would see it."""
        return is_terminal(self._stream)

    def show(self, progress: Pace) -> None:
        """Replace the line by this progress."""
        if self.wanted:
            filled = _BAR * progress.done // max(progress.total, 1)
            bar = "#" * filled + "." * (_BAR - filled)
            self._stream.write(f"{_CLEAR}[{bar}] {progress}")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._shown = False
