"""What the figures ask a gateway, one message after the other."""

import json
import time
from typing import Any

from bench.servers import Server
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


def read_once(wire: Wire) -> float:
    """How many seconds a whole reading cycle takes."""
    began = time.perf_counter()
    ask(wire, "iqrfSensorData_Start")
    while heard(wire, "iqrfSensorData_ReportAsync")["rsp"]["reading"]:
        pass
    took = time.perf_counter() - began
    ask(wire, "iqrfSensorData_Stop")
    return took


def wait_for_radio(server: Server, wire: Wire, *, patience_s: float = 10.0) -> float:
    """Ask the coordinator until it answers; seconds since the server was started."""
    began = time.perf_counter()
    while time.perf_counter() - began < patience_s:
        wire.send(message("iqrfRaw", LED_PULSE_AT_COORDINATOR))
        if json.loads(wire.receive())["data"]["status"] == 0:
            return server.started_s + time.perf_counter() - began
    raise RuntimeError("the coordinator does not answer")
