"""A gateway with 239 nodes among 50 sessions, strangers and floods, for a long time.

`make soak` runs it for an hour (MINUTES=10 shortens it); the suite runs a sample of some seconds.
The gateway and its crowd share one process, so that tasks, descriptors and memory of both show.
"""

import os
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

import pytest
import trio
from attrs import frozen

from iqrf_trio.simulator.files.plan import generate
from tests.iqrf_trio.house import House, ask, authenticated, heard, house
from tests.soak import crowd
from tests.soak.crowd import Tally

SAMPLE_S = 10.0

LATEST_S = {"management": 5.0, "network": 30.0}
"""How long a good client's answer may take by its lane. Management waits for nobody but the event
loop, which the crowd shares here; on the network lane 32 others may be in front."""

WEBSOCKETS = "websocket.max_clients=70"

SPEED = 300
"""How much faster than real the simulated air is: a reading of all nodes takes a second or two."""


@frozen
class Sample:
    """What the process holds at one moment."""

    memory: int
    descriptors: int
    tasks: int

    @classmethod
    def take(cls) -> "Sample":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE"),
            len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are all that is wanted
            trio.lowlevel.current_statistics().tasks_living,
        )


async def gather(nursery: trio.Nursery, home: House, random: Random, tally: Tally) -> None:
    """50 sessions, and who has none. Those who mean well are there before the others come."""

    def own() -> Random:
        return Random(random.random())

    for number in range(36):
        await nursery.start(crowd.good, home, f"good {number}", own(), tally)
    for number in range(3):
        await nursery.start(crowd.greedy, home, f"greedy {number}", tally)
    await nursery.start(crowd.reader, home, own())
    for _ in range(5):
        nursery.start_soon(crowd.deaf, home, own())
    for _ in range(2):
        nursery.start_soon(crowd.pinger, home)
    for _ in range(3):
        nursery.start_soon(crowd.visitor, home, own())
    for _ in range(12):
        nursery.start_soon(crowd.stranger, home, own())


async def soak(state: Path, seconds: float, seed: int) -> tuple[Tally, list[Sample]]:
    """Let the crowd in for so long; the first sample is from before it, the last from after it."""
    tally, samples = Tally(), []
    mesh = generate(239, seed)
    async with house(state, WEBSOCKETS, mesh=mesh, speed=SPEED, limit_s=seconds + 120) as home:
        async with authenticated(home) as connection:
            await ask(connection, "iqrfDb_Enumerate", {"standards": True})
            while (await heard(connection))["rsp"]["step"] != 8:
                pass
            # A first value opens the history, which stays open.
            await ask(connection, "iqrfRaw", {"rData": "01.00.5e.01.ff.ff.ff.ff.ff.ff"})
        await trio.sleep(3)
        samples.append(Sample.take())
        began, used = trio.current_time(), process_time()
        with trio.move_on_after(seconds):
            async with trio.open_nursery() as nursery:
                await gather(nursery, home, Random(seed), tally)
                while True:
                    await trio.sleep(seconds / 100)
                    samples.append(Sample.take())
        tally.processor = (process_time() - used) / (trio.current_time() - began)
        async with authenticated(home) as connection:
            assert (await ask(connection, "iqrfSensorData_Stop"))["status"] == 0
        with trio.move_on_after(30):
            await settled(home, samples[0].tasks)
        samples.append(Sample.take())
    return tally, samples


async def settled(home: House, tasks: int) -> None:
    """Wait until no reading is under way and no more tasks are there than before."""
    while home.gateway.worker.reading or Sample.take().tasks > tasks:  # noqa: ASYNC110 - no event
        await trio.sleep(0.1)


def report(tally: Tally, samples: list[Sample]) -> str:
    third = len(samples) // 3
    lines = [f"{tally.answered} answers, {tally.refused} of them that a lane is full"]
    lines.append(f"{tally.processor:.0%} of a processor")
    lines += [f"slowest of {lane}: {seconds:.2f} s" for lane, seconds in tally.slowest.items()]
    for name in ("memory", "descriptors", "tasks"):
        values = [getattr(sample, name) for sample in samples]
        middle, late = median(values[third : 2 * third]), median(values[2 * third : -1])
        lines.append(
            f"{name}: before {values[0]}, middle {middle}, late {late}, after {values[-1]}"
        )
    return "\n".join(lines)


def check(tally: Tally, samples: list[Sample]) -> None:
    """Nobody who means well lost anything, and nothing grew."""
    assert tally.slowest.keys() == LATEST_S.keys()
    before, after = samples[0], samples[-1]
    assert after.tasks <= before.tasks
    assert after.descriptors <= before.descriptors + 2, "some connection was not closed"
    with_so_much = f"with {tally.processor:.0%} of a processor"
    assert not tally.faults, (with_so_much, tally.faults[:5])
    late = {lane: at for lane, at in tally.slowest.items() if at > LATEST_S[lane]}
    assert not late, (with_so_much, late)


def check_flat(samples: list[Sample]) -> None:
    """What the process holds in the last third of the time is what it held in the middle one."""
    third = len(samples) // 3
    for name, slack in (("memory", 1.05), ("descriptors", 1.2), ("tasks", 1.2)):
        values = [getattr(sample, name) for sample in samples]
        assert median(values[2 * third : -1]) <= slack * median(values[third : 2 * third]), name


@pytest.mark.slow
async def test_a_crowd_for_some_seconds(tmp_path: Path) -> None:
    tally, samples = await soak(tmp_path, SAMPLE_S, seed=1)
    check(tally, samples)


@pytest.mark.soak
async def test_a_crowd_for_hours(tmp_path: Path) -> None:
    seconds = float(os.environ.get("HOURS", "1")) * 3600
    tally, samples = await soak(tmp_path, seconds, seed=int(os.environ.get("SEED", "1")))
    print(report(tally, samples))
    check_flat(samples)
    check(tally, samples)
