"""The datagrams for the service manager, on a real socket."""

import logging
import os
import time
from pathlib import Path

import pytest

from iqrf_trio.edges.notify import Notifier
from tests.iqrf_trio.service_manager import service_manager


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_said_arrives(tmp_path: Path, abstract: bool) -> None:
    with service_manager(tmp_path, abstract=abstract) as manager:
        notifier = Notifier.of({"NOTIFY_SOCKET": manager.address})
        notifier.ready("ws://127.0.0.1:1338")
        notifier.alive()
        notifier.stopping()
        assert manager.heard() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


async def test_a_reload_bears_its_time(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        before = time.monotonic_ns() // 1000
        Notifier(manager.address).reloading()
        heard = await manager.hears()
    assert heard["RELOADING"] == "1"
    assert before <= int(heard["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


async def test_ready_says_where(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        Notifier(manager.address).ready("ws://127.0.0.1:1338")
        assert await manager.hears() == {"READY": "1", "STATUS": "ws://127.0.0.1:1338"}


def test_without_a_service_manager_nothing_is_said() -> None:
    notifier = Notifier.of({})
    notifier.ready("")
    assert notifier.watchdog_s is None


def test_one_that_does_not_listen_is_complained_about_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with service_manager(tmp_path) as manager:
        notifier = Notifier(manager.address)
    for _ in range(3):
        notifier.alive()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    with_listener = tmp_path / "again"
    with_listener.mkdir()
    with service_manager(with_listener) as manager:
        notifier.address = manager.address
        notifier.alive()
        assert manager.heard() == ["WATCHDOG=1"]


def test_one_whose_queue_is_full_does_not_hold_us_up(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        notifier = Notifier(manager.address)
        for _ in range(10_000):
            notifier.alive()
        assert len(manager.heard()) < 10_000


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_it_waits_for_us(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier.of(environment).watchdog_s == seconds
