"""A network that the gateway has learnt and read, by requests over HTTP."""

from typing import Any

import trio

from tests.iqrf_trio.house import House, request
from tests.iqrf_trio.http.client import ask


async def call(home: House, mtype: str, req: object = None) -> Any:
    """`data` of the last answer to a message."""
    body = request(mtype, req).encode()
    answer = await ask(home.http_url, "/api/v1/call", home.token, method="POST", body=body)
    return answer.lines[-1]["data"]


async def learnt(home: House) -> None:
    """Enumerate the network with its standards."""
    told = await call(home, "iqrfDb_Enumerate", {"standards": True})
    assert told["rsp"]["step"] == 8, told


async def read(home: House) -> None:
    """Read all sensors once more; the readings go on."""
    worker = home.gateway.worker
    if worker.running:
        worker.invoke()
    else:
        worker.start()
    while worker.reading:  # noqa: ASYNC110 - the worker tells nobody when it is over
        await trio.sleep(0.05)
