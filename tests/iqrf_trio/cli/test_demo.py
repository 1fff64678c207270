"""`iqrf-trio demo`: it works, and notices when something does not."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing

from iqrf_trio.__main__ import main
from iqrf_trio.cli import Failure, demo
from iqrf_trio.cli.support.client import client
from protocol.network.pace import Pace
from tests.iqrf_trio.cli.gateway import TOKEN, Script, answer, gateway, report


async def test_the_whole_demo(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "--speed", "0", "--nodes", "5", "--seed", "3"]
    assert await trio.to_thread.run_sync(main, words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert [each.split()[3] for each in lines if " s  step " in each] == list("012345678")
    assert [each.split()[0] for each in lines if "4.06D" in each] == list("012345")
    assert "7 of 7 values from 5 devices" in out
    assert "The enumeration took 0." in out
    assert "Simulated" in out
    assert "Climate sensor" in out
    assert lines[-1] == "The gateway has stopped."


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--nodes", "0"], "iqrf-trio: --nodes must be 1 to 239, not 0\n"),
        (["--speed", "-1"], "iqrf-trio: --speed must be 0 to 10000, not -1.0\n"),
    ],
)
def test_a_mesh_that_cannot_be(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *words]) == 2
    assert capsys.readouterr().err == error


class Worker:
    """What the demo needs of a sensor worker."""

    within: Callable[[Pace], None] = print


def steps(*numbers: int) -> Script:
    return lambda request: [answer(request, {"step": n, "stepStr": "."}) for n in numbers]


def devices(*addresses: int, hwpid: int = 5) -> Script:
    device: dict[str, Any] = dict.fromkeys(demo._COLUMNS, 1) | {"hwpid": hwpid, "sensors": []}
    device |= {"binouts": {"count": 0}, "light": False}
    known = [device | {"address": address} for address in addresses]
    return lambda request: [answer(request, {"devices": known})]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (steps(0, 1, 2, 8), r"went through steps \[0, 1, 2, 8\], not 0 to 8"),
        (lambda r: [answer(r, {}, -1, statusStr="Busy.")], "failed with status -1: Busy"),
    ],
)
async def test_an_enumeration_that_is_none(script: Script, words: str) -> None:
    async with gateway(script) as it, client(it.url, TOKEN) as connected:
        with pytest.raises(Failure, match=words):
            await demo._enumerate(connected, demo.Within())


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (devices(0, 1), r"found the addresses \[0, 1\], not 0 to 2"),
        (devices(0, 1, 2, hwpid=0), r"the devices \[0, 1, 2\] have not told who they are"),
    ],
)
async def test_devices_that_are_not_all(script: Script, words: str) -> None:
    async with gateway(script) as it, client(it.url, TOKEN) as connected:
        with pytest.raises(Failure, match=words):
            await demo._devices(connected, 2)


async def test_a_reading_that_failed() -> None:
    failed = report(1)
    failed["data"]["status"] = 1000
    async with (
        gateway(lambda r: [failed, answer(r)]) as it,
        client(it.url, TOKEN) as connected,
    ):
        with pytest.raises(Failure, match="iqrfSensorData_ReportAsync failed with status 1000"):
            await demo._read(connected, Worker())


def test_values_that_are_missing() -> None:
    def device(address: int, *values: object) -> dict[str, Any]:
        sensors = [{"index": index, "value": value} for index, value in enumerate(values)]
        return {"address": address, "sensors": sensors}

    found = [device(0), device(1, 5, 5), device(2, 5)]
    demo._check([device(1, 1, 2), device(2, 0)], found)
    with pytest.raises(Failure, match=r"lacks the values of \(address, index\) \[\(1, 1\), \(2"):
        demo._check([device(1, 1, None)], found)
    with pytest.raises(Failure, match="found no sensors"):
        demo._check([], [device(0), device(1)])


def test_a_step_that_takes_long_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def told() -> None:
        within = demo.Within()
        for done in range(1, 5):
            await trio.sleep(6)
            within.show(Pace.of("FRC", done, 4, 6.0 * done))
        within.over()

    trio.run(told, clock=trio.testing.MockClock(autojump_threshold=0))
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines] == [
        "FRC 2 of 4, about 12 s left",
        "FRC 4 of 4, about 0 s left",
    ]
