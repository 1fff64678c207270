"""A service that cannot start tries again; a command at a terminal ends."""

import os
import signal
from pathlib import Path

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from iqrf_trio.cli.support.persistence import persistently
from iqrf_trio.config import ConfigError
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp.listeners import ListenError
from iqrf_trio.store import StoreError
from tests.iqrf_trio.service_manager import service_manager

UNIT = Path(__file__).parents[4] / "etc" / "systemd" / "iqrf-trio.service.in"


@define
class Attempts:
    """A gateway that fails with these errors, one start after the other, and then runs."""

    errors: list[Exception]
    at: list[float] = field(factory=list)
    served: bool = False

    async def __call__(self) -> None:
        await trio.lowlevel.checkpoint()
        self.at.append(trio.current_time())
        if self.errors:
            error = self.errors.pop(0)
            raise ExceptionGroup("", [error]) if len(self.errors) % 2 else error


TAKEN, FULL = ListenError("cannot listen on 127.0.0.1:1338"), StoreError("no space left")


async def test_it_tries_for_ever_with_growing_pauses(
    tmp_path: Path, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with service_manager(tmp_path) as manager:
        start = Attempts([TAKEN, FULL] * 50)
        await persistently(start, Notifier(manager.address), served=lambda: False)
        pauses = [later - earlier for earlier, later in zip(start.at, start.at[1:], strict=False)]
        assert pauses[:8] == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60])
        assert len(pauses) == 100
        heard = await manager.hears()
        assert heard["STATUS"] == "cannot start: cannot listen on 127.0.0.1:1338"
        assert int(heard["EXTEND_TIMEOUT_USEC"]) == 61_000_000
    assert "will try again in 1 s: cannot listen on 127.0.0.1:1338" in caplog.text


async def test_at_a_terminal_it_ends() -> None:
    start = Attempts([TAKEN])
    with pytest.RaisesGroup(ListenError):
        await persistently(start, Notifier(), served=lambda: False)
    assert len(start.at) == 1


async def test_a_configuration_that_cannot_be_used_is_not_tried_again(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        start = Attempts([ConfigError("", "port.kind", "is unknown", "")])
        with pytest.raises(ConfigError):
            await persistently(start, Notifier(manager.address), served=lambda: False)


async def test_what_happens_after_it_has_served_ends_it(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        start = Attempts([FULL])
        with pytest.RaisesGroup(StoreError):
            await persistently(start, Notifier(manager.address), served=lambda: True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_waiting(tmp_path: Path, number: signal.Signals) -> None:
    with service_manager(tmp_path) as manager, trio.fail_after(30):
        start = Attempts([TAKEN] * 100)
        async with trio.open_nursery() as nursery:

            async def end() -> None:
                await manager.hears()
                await trio.testing.wait_all_tasks_blocked()
                os.kill(os.getpid(), number)

            nursery.start_soon(end)
            await persistently(start, Notifier(manager.address), served=lambda: False)
    assert len(start.at) == 1


def test_the_unit_never_gives_up_but_for_a_configuration() -> None:
    lines = UNIT.read_text().splitlines()
    assert "StartLimitIntervalSec=0" in lines
    assert not [line for line in lines if line.startswith("StartLimitBurst")]
    assert [line for line in lines if line.startswith("Restart")] == [
        "Restart=always",
        "RestartSec=5",
        "RestartPreventExitStatus=2",
    ]
