"""Steps of tasks and calls of functions per request: figures that no noise touches."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import trio
from attrs import define, frozen

from bench.overhead import RAW, VERSION
from bench.rows import Figure, Mark, Row
from bench.servers import instant, state_dir, tcp_settings
from bench.wire import Wire
from iqrf_trio import config, daemon
from iqrf_trio.cli.support import local_token
from iqrf_trio.store import DATABASE_NAME
from protocol.auth.rights import Rights, Scope

CLIENTS = 10
WARM_UP, REQUESTS = 10, 40
"""Requests of each client: before the counting, and while it goes on."""

_SWITCH_S = 1e-5
"""After which the client's thread gets its turn; with the default of 5 ms it takes minutes."""


@frozen
class Counts:
    """What one request takes of the gateway's thread."""

    steps: float
    python_calls: float
    c_calls: float


_OWN_CALLS = 2
"""Python calls that each step takes since it is counted: of Trio, to call the instrument; of it."""


@define(eq=False)
class Counter(trio.abc.Instrument):
    """Counts in the thread that enters `counting`; a resumed coroutine counts as a call."""

    steps: int = 0
    python_calls: int = 0
    c_calls: int = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """See Instrument."""
        self.steps += 1

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count within the block, in this thread."""
        trio.lowlevel.add_instrument(self)
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)
            trio.lowlevel.remove_instrument(self)

    def since(self, before: "Counter", requests: int) -> Counts:
        """What was counted since `before`, per request."""
        steps = self.steps - before.steps
        return Counts(
            steps / requests,
            (self.python_calls - before.python_calls - _OWN_CALLS * steps) / requests,
            (self.c_calls - before.c_calls) / requests,
        )

    def copy(self) -> "Counter":
        """The counts of this moment."""
        return Counter(self.steps, self.python_calls, self.c_calls)

    def _profile(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self.python_calls += 1
        elif event == "c_call":
            self.c_calls += 1


def count(texts: Sequence[str], clients: int = CLIENTS, more: Sequence[str] = ()) -> list[Counts]:
    """What each of these requests takes, of a gateway in this process with `clients` clients.

    `more` are further settings of the gateway.
    """
    with instant() as coordinator, state_dir() as state:
        sets = [
            "websocket.port=0",
            "queue.network_capacity=64",
            f"gateway.state_dir={state}",
            *tcp_settings(coordinator),
            *more,
        ]
        settings = config.load(None, sets, environment={})
        return trio.run(_serve, settings, Path(state) / DATABASE_NAME, texts, clients)


async def _serve(
    settings: config.Config, database: Path, texts: Sequence[str], clients: int
) -> list[Counts]:
    stop, counter = trio.Event(), Counter()
    results: list[Counts] = []
    switching = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    async with trio.open_nursery() as nursery:
        with counter.counting():
            running = await nursery.start(partial(daemon.run, settings, stop=stop))
            token = local_token.make(database, Rights(Scope.MANAGE, service=True))
            await running.gateway.transceiver.wait_connected()

            def ask() -> None:
                wires = [Wire(running.url, token) for _ in range(clients)]
                results.extend(_counted(wires, text, counter) for text in texts)
                for wire in wires:
                    wire.close()

            try:
                await trio.to_thread.run_sync(ask)
            finally:
                sys.setswitchinterval(switching)
                stop.set()
    return results


def _counted(wires: Sequence[Wire], text: str, counter: Counter) -> Counts:
    _by_turns(wires, text, WARM_UP)
    before = counter.copy()
    _by_turns(wires, text, REQUESTS)
    return counter.since(before, REQUESTS * len(wires))


def _by_turns(wires: Sequence[Wire], text: str, times: int) -> None:
    """Each client asks as soon as it has its answer, and so do all the others."""
    for _ in range(times):
        for wire in wires:
            wire.send(text)
        for wire in wires:
            wire.receive()


def measure() -> Iterator[Row]:
    """One after the other, with an instant coordinator over TCP."""
    raw, version = count((RAW, VERSION))
    yield from _rows("iqrfRaw to the coordinator", raw, Mark(2.5, False), Mark(330, False))
    yield from _rows("mngDaemon_Version", version, Mark(1.5, False), Mark(130, False))


def _rows(name: str, counts: Counts, steps: Mark, calls: Mark) -> Iterator[Row]:
    yield Row(f"{name}, steps of tasks", counts.steps, "", mark=steps)
    yield Row(f"{name}, Python calls", counts.python_calls, "", mark=calls)
    yield Row(f"{name}, C calls", counts.c_calls, "")


FIGURE = Figure(f"Counted per request ({CLIENTS} clients, a coordinator over TCP)", measure)
