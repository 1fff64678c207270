"""The file that receives every frame with its time: JSON lines, one per frame."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from attrs import define, field

_LOG = logging.getLogger("iqrf_trio.trace")


@define(eq=False)
class TraceFile:
    """Call it with each frame. A disk that is full interrupts the trace, not the gateway.

    A line holds `time` (UTC, microseconds), `direction` (`out` to the coordinator, `in` from it)
    and `frame` (hexadecimal bytes with dots between).
    """

    path: Path
    _failing: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        """Find out whether the file can be written; raises OSError."""
        self._append("")

    def __call__(self, direction: Literal["out", "in"], frame: bytes) -> None:
        """Add a line."""
        time = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = json.dumps({"time": time, "direction": direction, "frame": frame.hex(".")})
        try:
            self._append(line + "\n")
            self._failing = False
        except OSError as error:
            if not self._failing:
                _LOG.error("%s: %s; frames are missing in it", self.path, error.strerror)
            self._failing = True

    def _append(self, text: str) -> None:
        # Opened each time, it can be moved away, and is complete after a power cut.
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)
