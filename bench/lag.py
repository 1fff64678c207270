"""How late an event loop is: `python -m bench.lag` samples an empty one whenever it is asked to.

Timers are late on every machine, and more so on one that is shared. What a loop full of work adds
is told by an empty one that is measured in turn with it.
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from statistics import median
from subprocess import PIPE

import trio
from attrs import define, field

SAMPLE_S = 0.001


@define
class Collections:
    """What garbage collection takes of the time, from its making on."""

    total_s: float = field(init=False, default=0.0)
    longest_s: float = field(init=False, default=0.0)
    _began: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        """Listen to the collector."""
        gc.callbacks.append(self._heard)

    def _heard(self, phase: str, _: object) -> None:
        if phase == "start":
            self._began = time.perf_counter()
            return
        took = time.perf_counter() - self._began
        self.total_s += took
        self.longest_s = max(self.longest_s, took)


async def sample(duration_s: float, collections: Collections) -> list[float]:
    """Sleep for a moment over and over; by how much it got longer, garbage collection aside."""
    lags: list[float] = []
    end = time.perf_counter() + duration_s
    while (began := time.perf_counter()) < end:
        collected = collections.total_s
        await trio.sleep(SAMPLE_S)
        late = time.perf_counter() - began - SAMPLE_S
        lags.append(late - (collections.total_s - collected))
    return lags


def p999_ms(slices: Sequence[Sequence[float]]) -> float:
    """What one of a thousand exceeds, in milliseconds, in the median of the slices.

    Whoever shares the machine takes it away in bursts, which spoil few slices.
    """
    return median(sorted(lags)[int(len(lags) * 0.999)] for lags in slices) * 1000


@define
class EmptyLoop:
    """Another process with nothing in its event loop."""

    slices: list[list[float]] = field(init=False, factory=list)
    _process: trio.Process

    @classmethod
    async def start(cls, nursery: trio.Nursery) -> "EmptyLoop":
        """Have one until the nursery ends."""
        words = [sys.executable, "-m", "bench.lag"]
        process: trio.Process = await nursery.start(
            partial(trio.run_process, words, stdin=PIPE, stdout=PIPE)
        )
        return cls(process)

    async def sample(self, duration_s: float) -> None:
        """Measure it for so long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        await self._process.stdin.send_all(f"{duration_s}\n".encode())
        said = b""
        while not said.endswith(b"\n"):
            said += await self._process.stdout.receive_some()
        self.slices.append(json.loads(said))


def main() -> None:
    """Each line is a duration, and is answered with the samples."""
    collections = Collections()
    for line in sys.stdin:
        print(json.dumps(trio.run(sample, float(line), collections)), flush=True)


if __name__ == "__main__":
    main()
