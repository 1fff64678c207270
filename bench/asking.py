"""What the figures ask a gateway, one message after the other."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from bench.servers import Server, gateway, state_dir
from bench.wire import Wire

LED_PULSE_AT_COORDINATOR = {"rData": "00.00.06.03.ff.ff"}


def message(mtype: str, req: object = None) -> str:
    """A request."""
    data = {"msgId": "bench"} | ({} if req is None else {"req": req})
    return json.dumps({"mType": mtype, "data": data})


def ask(wire: Wire, mtype: str, req: object = None) -> dict[str, Any]:
    """`data` of the answer; raises RuntimeError unless its status is 0."""
    wire.send(message(mtype, req))
    return heard(wire, mtype)


def heard(wire: Wire, mtype: str) -> dict[str, Any]:
    """`data` of the next message of this type."""
    while True:
        answer = json.loads(wire.receive())
        if answer["mType"] in {mtype, "messageError"}:
            data: dict[str, Any] = answer["data"]
            if data["status"] != 0:
                raise RuntimeError(f"{mtype}: {answer}")
            return data


def enumerate_network(wire: Wire, *, reenumerate: bool = False) -> float:
    """How many seconds a whole enumeration takes."""
    began = time.perf_counter()
    wire.send(message("iqrfDb_Enumerate", {"standards": True, "reenumerate": reenumerate}))
    while heard(wire, "iqrfDb_Enumerate")["rsp"]["step"] != 8:
        pass
    return time.perf_counter() - began


@contextmanager
def known_network(nodes: int, speed: float) -> Iterator[Server]:
    """A gateway that knows its nodes from an enumeration that did not wait for the air."""
    with state_dir() as state:
        with gateway(nodes=nodes, state=state) as server:
            wire = server.connect()
            wait_for_radio(server, wire)
            enumerate_network(wire)
        with gateway(nodes=nodes, speed=speed, state=state) as server:
            yield server


def read_once(wire: Wire) -> float:
    """How many seconds a whole reading cycle takes, the first one of a worker."""
    took = read_again(wire, "iqrfSensorData_Start")
    ask(wire, "iqrfSensorData_Stop")
    return took


def read_again(wire: Wire, mtype: str = "iqrfSensorData_Invoke") -> float:
    """How many seconds a cycle takes that a worker is made to begin now."""
    began = time.perf_counter()
    ask(wire, mtype)
    while heard(wire, "iqrfSensorData_ReportAsync")["rsp"]["reading"]:
        pass
    return time.perf_counter() - began


@frozen
class FirstAnswer:
    """How long after exec the coordinator first answered, and how many requests failed before."""

    at_s: float
    failed: int


def wait_for_radio(server: Server, wire: Wire, *, patience_s: float = 10.0) -> FirstAnswer:
    """Ask the coordinator until it answers."""
    began, failed = time.perf_counter(), 0
    while time.perf_counter() - began < patience_s:
        wire.send(message("iqrfRaw", LED_PULSE_AT_COORDINATOR))
        if json.loads(wire.receive())["data"]["status"] == 0:
            return FirstAnswer(server.started_s + time.perf_counter() - began, failed)
        failed += 1
    raise RuntimeError("the coordinator does not answer")
