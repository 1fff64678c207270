"""`iqrf-trio watch`: reports as tables, everything else in a line, until the gateway leaves."""

import json
import signal
from pathlib import Path

import pytest
import trio

from iqrf_trio.__main__ import main
from tests.iqrf_trio.cli.gateway import TOKEN, gateway, message, report
from tests.iqrf_trio.cli.process import command

REPORTS = [
    message(
        "iqrfSensorData_ReportAsync",
        {"dateTime": "2026-04-28T10:00:00.120Z", "unixTime": 1, "reportNum": 7, "reading": True},
    ),
    report(7, 22.5, None),
    message("iqrfRaw", {"rData": "01.00"}),
    {"mType": "ntfDaemon_Monitor", "data": {"num": 1}},
]


async def watch(*words: str) -> int:
    async with gateway(greeting=[*REPORTS, 1001]) as it:
        argv = ["watch", "--url", it.url, "--token", TOKEN, *words]
        return await trio.to_thread.run_sync(main, argv)


async def test_reports_are_tables_and_the_rest_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert await watch() == 1
    out, err = capsys.readouterr()
    start, head, columns, first, second, raw, monitor = out.splitlines()
    assert start.split(" ", 1)[1] == "report 7: reading since 2026-04-28T10:00:00.120Z"
    assert head.split(" ", 1)[1] == (
        "report 7 of 2026-04-28T10:00:05.480Z: 1 of 2 values from 1 devices"
    )
    assert columns.split() == ["address", "RSSI", "index", "sensor", "value", "unit"]
    assert first.split() == ["3", "-56", "0", "Temperature", "22.5", "°C"]
    assert second.split() == ["3", "-56", "1", "Temperature", "-", "°C"]
    assert raw.split(" ", 1)[1] == 'iqrfRaw {"rData":"01.00"}'
    assert monitor.split(" ", 1)[1].startswith("ntfDaemon_Monitor")
    began, ended = err.splitlines()
    assert began.startswith("Watching ws://127.0.0.1:")
    assert ended == (
        "iqrf-trio: the gateway left (closed with 1001); it is shutting down; try again later"
    )


async def test_what_a_report_lacks_stands_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    partial = report(8, 22.5)
    partial["data"]["statusStr"] = "ok; 1 of 3 rounds brought nothing: ERROR_TIMEOUT"
    async with gateway(greeting=[partial, 1001]) as it:
        argv = ["watch", "--url", it.url, "--token", TOKEN]
        await trio.to_thread.run_sync(main, argv)
    *_, last = capsys.readouterr().out.splitlines()
    assert last == "1 of 3 rounds brought nothing: ERROR_TIMEOUT"


async def test_raw_prints_what_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert await watch("--raw") == 1
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == REPORTS


async def test_ctrl_c_is_the_way_to_end_it(tmp_path: Path) -> None:
    async with gateway(greeting=REPORTS) as it:
        words = ("watch", "--url", it.url, "--token", TOKEN, "--raw")
        async with command(*words, directory=tmp_path) as watching:
            await watching.says("ntfDaemon_Monitor")
            assert await watching.end(signal.SIGINT) == 0
    assert len(watching.said.splitlines()) == len(REPORTS)
