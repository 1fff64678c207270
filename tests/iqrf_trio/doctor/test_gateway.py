"""What the doctor learns of a gateway that runs."""

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trio

from iqrf_trio import config
from iqrf_trio.doctor.findings import Severity
from iqrf_trio.doctor.gateway import address_of, examine_gateway
from tests.iqrf_trio.house import House, house
from tests.iqrf_trio.mqtt.broker import free_port

SETS = ("gateway.instance_id=mine",)


def configured(home: House, *sets: str) -> config.Config:
    port = urlsplit(home.http_url).port
    return config.load(None, [f"http.port={port}", *sets], environment={})


async def test_a_gateway_that_is_well(tmp_path: Path) -> None:
    async with house(tmp_path, *SETS) as home:
        first, *parts = await examine_gateway(configured(home, *SETS))
    assert (first.check, first.severity) == ("gateway", Severity.OK)
    assert home.http_url in first.text
    found = {part.check: part.severity for part in parts}
    assert found["gateway-radio"] is Severity.OK
    assert {"gateway-store", "gateway-reading", "gateway-clock", "gateway-history"} <= {*found}


async def test_what_is_not_well_has_a_fix(tmp_path: Path) -> None:
    sets = (*SETS, f"mqtt.url=mqtt://127.0.0.1:{free_port()}")
    async with house(tmp_path, *sets) as home:
        findings = await examine_gateway(configured(home, *SETS))
    [broker] = [each for each in findings if each.check == "gateway-mqtt"]
    assert broker.severity is Severity.WARNING
    assert "[mqtt]" in broker.fix


async def test_another_gateway_is_not_taken_for_this_one(tmp_path: Path) -> None:
    async with house(tmp_path, *SETS) as home:
        [only] = await examine_gateway(configured(home, "gateway.instance_id=other"))
    assert (only.severity, "mine" in only.text) == (Severity.NOTE, True)


async def test_nobody_or_something_else_is_no_error(tmp_path: Path) -> None:
    loaded = config.load(None, [f"http.port={free_port()}"], environment={})
    [only] = await examine_gateway(loaded)
    assert only.severity is Severity.NOTE
    for said in (b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"):

        async def answer(stream: trio.SocketStream, said: bytes = said) -> None:
            async with stream:
                await stream.receive_some()
                await stream.send_all(said)

        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_tcp, host="127.0.0.1")
            [listener] = await nursery.start(serve, answer, 0)
            port = listener.socket.getsockname()[1]
            loaded = config.load(None, [f"http.port={port}"], environment={})
            [only] = await examine_gateway(loaded)
            assert only.severity is Severity.NOTE
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        ((), "http://127.0.0.1:1339"),
        (("http.host=*",), "http://127.0.0.1:1339"),
        (("http.host=::1",), "http://[::1]:1339"),
        (("http.port=off", "http.tls_port=1340"), "https://127.0.0.1:1340"),
        (("http.port=off",), None),
        (("http.port=0",), None),
    ],
)
def test_where_it_is_asked(sets: tuple[str, ...], wanted: str | None) -> None:
    assert address_of(config.load(None, list(sets), environment={})) == wanted
