"""The file that receives every frame with its time: JSON lines, one per frame."""

import json
import logging
import os
import stat
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Literal, NoReturn

import trio
from attrs import define, field

from protocol.dpa.keys import shown

GATHER_S = 1.0
"""How long frames are gathered before they are written: what a power cut may take."""

MAX_WAITING = 10_000
"""Lines that wait for a disk that does not take them; the oldest ones go."""

MAX_BYTES = 8 * 1024 * 1024
"""Size from which on the file gets `.1` behind its name, in place of an earlier one."""

LAST_S = 0.5
"""What the last lines may take, when the gateway ends."""

_LOG = logging.getLogger("iqrf_trio.trace")


@define(eq=False)
class TraceFile:
    """Call it with each frame, which never waits; `run` writes to the disk, in a thread.

    A line holds `time` (UTC, microseconds), `direction` (`out` to the coordinator, `in` from it)
    and `frame` (hexadecimal bytes with dots between; keys of the network are asterisks unless
    `keys`). A disk that is full or slow interrupts the trace, not the gateway.
    """

    path: Path
    keys: bool = False
    _waiting: deque[str] = field(init=False, factory=lambda: deque(maxlen=MAX_WAITING))
    _lost: int = field(init=False, default=0)
    _news: trio.Event = field(init=False, factory=trio.Event)
    _failing: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        """Find out whether the file can be written; raises OSError."""
        _append(self.path, ())

    def __call__(self, direction: Literal["out", "in"], frame: bytes) -> None:
        """Add a line."""
        time = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        text = frame.hex(".") if self.keys else shown(frame)
        self._lost += len(self._waiting) == MAX_WAITING
        self._waiting.append(json.dumps({"time": time, "direction": direction, "frame": text}))
        self._news.set()

    async def run(self) -> NoReturn:
        """Write what is added, and in the end what is left, as far as the disk takes it at once."""
        try:
            while True:
                await self._news.wait()
                await trio.sleep(GATHER_S)
                self._news = trio.Event()
                write = partial(self._write, self._taken())
                await trio.to_thread.run_sync(write, abandon_on_cancel=True)
        finally:
            # No thread of Trio's: that would need a task which waits for it.
            last = Thread(target=self.flush, daemon=True)
            last.start()
            last.join(LAST_S)

    def flush(self) -> None:
        """Write what waits, here and now."""
        self._write(self._taken())

    def _taken(self) -> list[str]:
        """The lines that wait, which wait no longer."""
        lines = list(self._waiting)
        self._waiting.clear()
        if self._lost:
            _LOG.error("%s: the disk is too slow, %d frames are missing", self.path, self._lost)
            self._lost = 0
        return lines

    def _write(self, lines: list[str]) -> None:
        try:
            _append(self.path, lines)
            self._failing = False
        except OSError as error:
            if not self._failing:
                _LOG.error("%s: %s; frames are missing in it", self.path, error.strerror)
            self._failing = True


def _append(path: Path, lines: Iterable[str]) -> None:
    """Write `lines` to the file; raises OSError."""
    # Opened each time, it can be moved away.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            os.fchmod(file.fileno(), 0o600)  # frames tell what devices do and who may do it
        file.writelines(f"{line}\n" for line in lines)
    if stat.S_ISREG(status.st_mode) and path.stat().st_size >= MAX_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
