"""What a gateway's messages look like to a person: tables where they are tables, else JSON."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from iqrf_trio.cli.support.ages import age
from iqrf_trio.cli.support.client import Received
from iqrf_trio.cli.support.results import result_layout
from iqrf_trio.cli.support.spellings import objects_table
from iqrf_trio.cli.support.tables import cell, table
from protocol.api.commission import COMMISSION_NETWORK
from protocol.api.dpa.command import NOT_EXPECTED

Object = Mapping[str, Any]


def render(received: Received) -> str:
    """An answer or report for a person to read; raises nothing, whatever the gateway sent."""
    if received.status == NOT_EXPECTED:
        return "ok: it went out to all nodes, of which none answers"
    if received.status != 0:
        about = f"{received.mtype}{_whose(received.rsp)}"
        told = f"{about}: status {received.status}: {received.explanation}"
        return "\n".join((told, *_partial(received)))
    if received.rsp is None or received.rsp == {}:
        return "ok"
    layout = _LAYOUTS.get(received.mtype) or result_layout(received.mtype)
    if layout:
        try:
            return layout(received.rsp)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # not the shape that the API promises; then as it came
    return pretty(received.rsp)


def _partial(received: Received) -> Iterator[str]:
    """What a list that has failed in part says of each of its members."""
    if received.mtype == COMMISSION_NETWORK.mtype and isinstance(received.rsp, dict):
        try:
            yield _commissioned(received.rsp)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield pretty(received.rsp)


def _whose(rsp: object) -> str:
    """Which devices an answer names, if it is about some."""
    devices = rsp.get("devices") if isinstance(rsp, dict) else None
    named = devices if isinstance(devices, list) else []
    addresses = [str(each.get("deviceAddr")) for each in named if isinstance(each, dict)]
    return f" of device {', '.join(addresses)}" if addresses else ""


def pretty(value: object) -> str:
    """Indented JSON."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def line(received: Received) -> str:
    """A message in one line."""
    shown = "" if received.rsp is None else orjson.dumps(received.rsp).decode()
    status = f"status {received.status} {received.explanation}" if received.status else ""
    return " ".join(filter(None, (received.mtype, status, shown)))


def report_values(report: Object) -> list[tuple[object, ...]]:
    """(address, RSSI, index, sensor, value, unit) of every sensor in a report, in its order."""
    return [
        (
            device["address"],
            device["rssi"],
            sensor["index"],
            sensor["name"],
            sensor["value"],
            sensor["unit"],
        )
        for device in report["devices"]
        for sensor in device["sensors"]
    ]


def _report(rsp: Object) -> str:
    if rsp["reading"]:
        return f"report {rsp['reportNum']}: reading since {rsp['dateTime']}"
    values = report_values(rsp)
    known = sum(value is not None for *_, value, _ in values)
    head = (
        f"report {rsp['reportNum']} of {rsp['dateTime']}: "
        f"{known} of {len(values)} values from {len(rsp['devices'])} devices"
    )
    columns = ("address", "RSSI", "index", "sensor", "value", "unit")
    return f"{head}\n{table(columns, values)}" if values else head


def _step(rsp: Object) -> str:
    return f"step {rsp['step']} of 8: {cell(rsp['stepStr'])}"


def _sensors(rsp: Object) -> str:
    columns = ("address", "index", "sensor", "value", "unit", "age")
    members = ("index", "name", "value", "unit")
    rows = [
        (
            device["address"],
            *(sensor[member] for member in members),
            sensor["updated"] and age(sensor["updated"]),
        )
        for device in rsp["sensorDevices"]
        for sensor in device["sensors"]
    ]
    return table(columns, rows) if rows else "none"


def _lights(rsp: Object) -> str:
    return ", ".join(map(cell, rsp["lightDevices"])) or "none"


def _objects(member: str) -> Callable[[Object], str]:
    """A layout for a list of objects: a column for each of their members."""

    def layout(rsp: Object) -> str:
        return objects_table(rsp[member]) or "none"

    return layout


def _health(rsp: Object) -> str:
    columns = ("address", "answers", "RSSI", "V", "hops", "VRN", "parent")
    members = ("address", "answers", "rssi", "supplyVoltage", "hops", "vrn", "parentVrn")
    rows = [tuple(node[member] for member in members) for node in rsp["nodes"]]
    return f"{rsp['nodesNr']} nodes, {rsp['rounds']} rounds\n{table(columns, rows)}"


def _commissioned(rsp: Object) -> str:
    members = ("address", "mid", "name", "state", "reason")
    rows = [tuple(node.get(member) for member in members) for node in rsp["nodes"]]
    others = rsp.get("others", ())
    more = f"\nalso within reach: {', '.join(others)}" if others else ""
    return f"{rsp['nodesNr']} nodes are bonded\n{table(members, rows)}{more}"


def _states(rsp: Object) -> str:
    rows: list[tuple[int, str, str | None]] = []
    for node in rsp["nodes"]:
        address, light = node["nAdr"], node["light"]
        rows += [
            (address, f"output {output['index']}", _on_off(output["state"]))
            for output in node["outputs"]
        ]
        if light or not node["outputs"]:
            rows.append((address, "light", f"{light['brightness']} %" if light else None))
    return table(("address", "what", "state"), rows) if rows else "none"


def _on_off(state: bool | None) -> str | None:
    return None if state is None else "on" if state else "off"


_LAYOUTS: Mapping[str, Callable[[Object], str]] = {
    "iqrfDb_Enumerate": _step,
    "iqrfDb_GetBinaryOutputs": _objects("binoutDevices"),
    "iqrfDb_GetDeviceMetadata": _objects("devices"),
    "iqrfDb_SetDeviceMetadata": _objects("devices"),
    "iqrfDb_GetDevices": _objects("devices"),
    "iqrfDb_GetLights": _lights,
    "iqrfDb_GetNetworkTopology": _objects("devices"),
    "iqrfDb_GetSensors": _sensors,
    "iqrfSensorData_ReportAsync": _report,
    COMMISSION_NETWORK.mtype: _commissioned,
    "iqrfTrio_GetStates": _states,
    "iqrfTrio_HealthReport": _health,
}
"""How the answers that are tables are shown."""
