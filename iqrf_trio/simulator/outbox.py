"""Frames on their way from a simulated coordinator to the gateway, each with its time."""

from collections.abc import Callable
from heapq import heappop, heappush

from attrs import define, field


def _nobody() -> None:
    """Nobody waits."""


@define(eq=False)
class Outbox:
    """Frames by the time at which they are due; equal times keep their order.

    `wake` is called whenever a frame was added, for whoever waits until the next one is due.
    """

    wake: Callable[[], None] = _nobody
    _frames: list[tuple[float, int, bytes]] = field(init=False, factory=list)
    _added: int = field(init=False, default=0)

    def add(self, frame: bytes, at: float) -> None:
        """Let `frame` leave at the time `at`."""
        self._added += 1
        heappush(self._frames, (at, self._added, frame))
        self.wake()

    @property
    def next_at(self) -> float | None:
        """When the next frame is due, None without one."""
        return self._frames[0][0] if self._frames else None

    def pop_due(self, now: float) -> list[bytes]:
        """The frames that are due by `now`, in their order."""
        due = []
        while self._frames and self._frames[0][0] <= now:
            due.append(heappop(self._frames)[2])
        return due

    def clear(self) -> None:
        """Forget them all."""
        self._frames.clear()
