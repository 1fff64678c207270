"""The API reference: every message with a real request and its real answers.

A gateway on a simulated mesh without air time is asked everything once.
"""

import json
import re
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import trio
from attrs import define, frozen

from iqrf_trio import config, daemon
from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import connect as open_database
from iqrf_trio.store.sqlite import transact
from protocol.api.registry import REGISTRY
from protocol.auth.rights import Rights, Scope
from protocol.queue.lanes import Lane

SETTINGS = (
    "port.kind=simulator",
    "simulator.speed=0",
    "simulator.nodes=3",
    "websocket.port=0",
)

PATIENCE_S = 30.0

SCRIPT: tuple[tuple[str, Any], ...] = (
    ("mngDaemon_Version", None),
    ("mngDaemon_Mode", {"operMode": ""}),
    ("iqrfRaw", {"rData": "01.00.06.03.ff.ff"}),
    ("iqrfRawHdp", {"nAdr": 0, "pNum": 2, "pCmd": 0}),
    ("iqrfDb_Enumerate", {"reenumerate": False, "standards": True}),
    ("iqrfDb_GetDevice", {"address": 1}),
    ("iqrfDb_GetDevices", {"brief": True, "addresses": [1, 2]}),
    ("iqrfDb_SetDeviceMetadata", {"devices": [{"address": 1, "metadata": {"room": "hall"}}]}),
    ("iqrfDb_GetDeviceMetadata", {"devices": [1]}),
    ("iqrfDb_MetadataAnnotation", {"annotate": False}),
    ("iqrfSensorData_GetConfig", None),
    ("iqrfSensorData_SetConfig", {"period": 15}),
    ("iqrfSensorData_Start", None),
    ("iqrfSensorData_Status", None),
    ("iqrfSensorData_Invoke", None),
    ("iqrfSensorData_Stop", None),
    ("iqrfDb_GetSensors", {}),
    ("iqrfDb_GetBinaryOutputs", {}),
    ("iqrfDb_GetLights", {}),
    ("iqrfDb_GetNetworkTopology", {}),
    ("iqmeshNetwork_Backup", {"deviceAddr": 1, "wholeNetwork": False}),
    ("iqmeshNetwork_Restore", {"deviceAddr": 1, "data": "BACKUP", "restartCoordinator": False}),
    ("ntfDaemon_InvokeMonitor", None),
    ("mngDaemon_StopNetworkQueue", None),
    ("mngDaemon_StartNetworkQueue", None),
    ("iqrfDb_Reset", {}),
    ("mngDaemon_Exit", {"timeToExit": 50}),
)
"""What is asked, in an order in which it makes sense."""


@frozen
class Recorded:
    """One request and all its answers."""

    mtype: str
    request: Any
    answers: tuple[Any, ...]


@define
class Recording:
    """All requests with their answers, and what came unasked, one of each kind."""

    asked: list[Recorded]
    unasked: dict[str, Any]


async def record() -> Recording:
    """Ask a gateway everything."""
    missing = sorted(set(REGISTRY) - {mtype for mtype, _ in SCRIPT})
    if missing:
        raise SystemExit(f"docs.api_reference.SCRIPT has no request for {', '.join(missing)}")
    recording = Recording([], {})
    with tempfile.TemporaryDirectory() as state, trio.fail_after(PATIENCE_S):
        sets = (*SETTINGS, f"gateway.state_dir={config.toml(state)}")
        loaded = config.load(Path("/dev/null"), sets, environment={})
        async with trio.open_nursery() as nursery:
            running = await nursery.start(partial(daemon.run, loaded, stop=trio.Event()))
            await running.gateway.transceiver.wait_connected()
            async with connect(running.url) as connection:
                await _authenticate(connection, Path(state) / DATABASE_NAME)
                await _perform(connection, recording)
            nursery.cancel_scope.cancel()
    return recording


async def _authenticate(connection: Connection, database: Path) -> None:
    now = datetime.now(UTC)
    make = partial(
        tokens.create,
        owner="docs",
        created_at=now,
        expires_at=now + timedelta(days=1),
        rights=Rights(Scope.MANAGE, service=True),
    )
    with closing(open_database(database)) as opened:
        token = transact(opened, make)
    await connection.send(json.dumps({"type": "auth", "token": str(token)}))
    await connection.receive()


async def _perform(connection: Connection, recording: Recording) -> None:
    backup = ""
    for number, (mtype, parameters) in enumerate(SCRIPT, 1):
        restore = mtype == "iqmeshNetwork_Restore"
        req = {**parameters, "data": backup} if restore else parameters
        if mtype == "iqrfSensorData_Status":
            await _until_read(connection, recording)
        data = (
            {"msgId": str(number)}
            | ({} if req is None else {"req": req})
            | {"returnVerbose": False}
        )
        if req is None or mtype in _WITHOUT_VERBOSE:
            del data["returnVerbose"]
        request = {"mType": mtype, "data": data}
        await connection.send(json.dumps(request))
        answers: list[Any] = []
        while not (answers and _is_last(answers[-1])):
            message = json.loads(await connection.receive())
            if message["data"].get("msgId") == str(number):
                answers.append(message)
            else:
                recording.unasked.setdefault(_kind(message), message)
        if mtype == "iqmeshNetwork_Backup":
            backup = answers[-1]["data"]["rsp"]["devices"][0]["data"]
        recording.asked.append(Recorded(mtype, request, tuple(answers)))


_WITHOUT_VERBOSE = frozenset({"mngDaemon_Mode"})


async def _until_read(connection: Connection, recording: Recording) -> None:
    """Wait for the report of the reading that was started."""
    while "iqrfSensorData_ReportAsync, the end" not in recording.unasked:
        message = json.loads(await connection.receive())
        recording.unasked.setdefault(_kind(message), message)


def _kind(message: Any) -> str:
    if message["mType"] != "iqrfSensorData_ReportAsync":
        return str(message["mType"])
    reading = message["data"]["rsp"]["reading"]
    return f"iqrfSensorData_ReportAsync, the {'begin' if reading else 'end'}"


def _is_last(answer: Any) -> bool:
    data = answer["data"]
    if answer["mType"] == "messageError" or data.get("status", 0) != 0:
        return True
    rsp = data.get("rsp") or {}
    return bool(rsp.get("step", 8) == 8 and rsp.get("progress", 100) == 100)


HEAD = """\
# Messages

Every request that the gateway answers, with a real example each: a network of three simulated
nodes was asked. The lane tells whether a request waits for the radio (network) or never does
(management).
"""


def page(recording: Recording) -> str:
    """The reference as Markdown."""
    parts = [HEAD]
    parts += map(_chapter, sorted(recording.asked, key=lambda recorded: recorded.mtype))
    parts.append("# Unasked\n\nWhat the gateway sends on its own.\n")
    parts += [
        f"## {kind}\n\n{_block(message)}" for kind, message in sorted(recording.unasked.items())
    ]
    return "\n".join(parts)


def _chapter(recorded: Recorded) -> str:
    entry = REGISTRY[recorded.mtype]
    lane = "network" if entry.lane is Lane.NETWORK else "management"
    about = entry.about
    answers = recorded.answers
    if len(answers) > 3:
        answers = (answers[0], answers[-1])
    return "\n".join(
        (
            f"## {recorded.mtype}\n",
            f"{about} Lane: {lane}.\n".lstrip(),
            _block(recorded.request),
            f"{len(recorded.answers)} answers, of which the first and the last:\n"
            if len(recorded.answers) > 3
            else "",
            *(_block(answer) for answer in answers),
        )
    )


def _block(message: Any) -> str:
    text = json.dumps(message, indent=2, ensure_ascii=False)
    # Lists of numbers read better in one line.
    text = re.sub(r"\[\s+([\d,\s-]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    return f"```json\n{timeless(text)}\n```\n"


_TIMES = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*"')
_UPDATED = re.compile(r'("updated": )"[A-Z][a-z]{2}, [^"]*"')
_UNIX = re.compile(r'("(?:timestamp|unixTime)": )\d+')
_VALUES = re.compile(r'("value": )-?[\d.]+')
_DATA = re.compile(r'("data": )"([0-9A-Fa-f]{16})[0-9A-Fa-f]+"')


def timeless(text: str) -> str:
    """`text` with every time the same, and long data cut short."""
    text = _TIMES.sub('"2026-11-22T12:00:00.000Z"', text)
    text = _UPDATED.sub(r'\1"Sun, 22 Nov 26 12:00:00 GMT"', text)
    text = _UNIX.sub(r"\g<1>1795348800", text)
    return _DATA.sub(r'\1"\2…"', text)


def comparable(text: str) -> str:
    """`text` without what differs between two gateways that do the same: times and values."""
    return _VALUES.sub(r"\g<1>0", timeless(text))
