"""The API reference: every message with a real request and its real answers.

A gateway on a simulated mesh without air time is asked everything once.
"""

import json
import re
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import trio
from attrs import define, frozen

from docs import tables
from iqrf_trio import config, daemon
from iqrf_trio.edges.websocket import Connection, connect
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import connect as open_database
from iqrf_trio.store.sqlite import transact
from protocol.api import db, mng, sensor_data
from protocol.api.converter import structure
from protocol.api.errors import MESSAGE_ERROR, ErrorData
from protocol.api.family import Family, Row, Unasked
from protocol.api.message import Style
from protocol.api.registry import FAMILIES, REGISTRY, UNASKED
from protocol.api.schemas import EXTRAS
from protocol.auth.rights import MANAGE, Rights, Scope

SETTINGS = (
    "port.kind=simulator",
    "simulator.speed=0",
    "simulator.nodes=4",
    "database.ask_states=false",  # else the pages depend on when that happens
    "websocket.port=0",
)

PATIENCE_S = 30.0

_MSG_ID = "1"
"""That of all requests, which wait for their answers, so that a new message changes no other's."""


def _manages(row: Row) -> bool:
    return row.transaction is not None and row.rights == MANAGE


_DISTURB = (
    *(f"iqrfEmbedOs_{name}" for name in ("Restart", "Reset", "Sleep")),
    "iqrfEmbedNode_ValidateBonds",
    "iqrfEmbedNode_RemoveBond",
    "iqrfEmbedOs_Rfpgm",
    "iqrfEmbedCoordinator_ClearAllBonds",
)
"""After these a node, or all of them, cannot be asked any more."""

LAST = (
    *(
        row
        for row in reversed(tuple(REGISTRY.values()))
        if _manages(row) and row.mtype not in _DISTURB
    ),
    *map(REGISTRY.__getitem__, _DISTURB),
    db.RESET,
    mng.EXIT,
)
"""What is asked in the end, since little is left to ask about afterwards."""


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
    rows = [row for row in REGISTRY.values() if row not in LAST]
    for row in (*rows, *LAST):
        data: dict[str, Any] = {"msgId": _MSG_ID}
        if row.parameters is not None:
            data["req"] = row.example
        request = {"mType": row.mtype, "data": data}
        await connection.send(json.dumps(request))
        answers: list[Any] = []
        while not (answers and _is_last(row, answers[-1])):
            message = json.loads(await connection.receive())
            if message["data"].get("msgId") == _MSG_ID:
                answers.append(message)
            else:
                recording.unasked.setdefault(_kind(message), message)
        recording.asked.append(Recorded(row.mtype, request, tuple(answers)))
        if row is sensor_data.START:
            await _until_read(connection, recording)


def _is_last(row: Row, answer: Any) -> bool:
    return answer["mType"] != row.mtype or row.ends_with(answer["data"])


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


HEAD = """\
# Messages

Every request that the gateway answers, with a real example each: a network of four simulated
nodes was asked. [clients.md](clients.md) tells how a client authenticates and what it has to
expect, [asyncapi.json](asyncapi.json) has the same for tools, and
[compatibility.md](compatibility.md) says which messages of the IQRF Gateway Daemon are answered.

A request is `{"mType": ..., "data": {"msgId": ..., "req": {...}, "returnVerbose": ...}}`. Its
tables tell of `req` and of the answer's `rsp`; members marked * are always there. The lane tells
whether a request waits for the radio (network) or never does (management), the scope which tokens
may send it. Every answer has `msgId`, `status` (0 for success) and `insId`, the name of the
gateway; `statusStr` where something failed, in verbose answers, and always in the families that
say so.
"""


def page(recording: Recording) -> str:
    """The reference as Markdown."""
    chapters = {recorded.mtype: recorded for recorded in recording.asked}
    parts = [HEAD]
    for family, rows in ((family, rows) for family, rows in FAMILIES if rows):
        parts.append(f"# {family.prefix}*\n\n{family.about}{_common(family)}\n")
        parts += [_chapter(row, chapters[row.mtype]) for row in rows]
    parts.append("# Unasked\n\nWhat the gateway sends on its own.\n")
    parts += [_unasked_chapter(each, recording) for each in UNASKED.values()]
    parts += [
        f"## {kind}\n\n{_block(message)}"
        for kind, message in sorted(recording.unasked.items())
        if kind.partition(",")[0] not in UNASKED
    ]
    parts.append(
        f"## {MESSAGE_ERROR}\n\nThe answer to what is no request that can be carried out.\n\n"
        + tables.table(ErrorData, "member of `data`")
    )
    return "\n".join(parts)


def _common(family: Family) -> str:
    told = [] if family.style is Style.DPA else [" `statusStr` is always there."]
    extras = sorted(family.extras, key=attrgetter("name"))
    told += [f" `data.{extra.value}`: {EXTRAS[extra]['description']}." for extra in extras]
    told += [" Members that nobody knows are refused."] if family.closed else []
    return "".join(told)


def _chapter(row: Row, recorded: Recorded) -> str:
    rights = row.rights_for(structure(row.example, row.parameters) if row.parameters else None)
    permission = ", with the service permission" if rights.service else ""
    parts = [
        f"## {row.mtype}\n",
        f"{row.about}\n",
        f"Lane: {row.lane.value.lower()}. Scope: `{rights.scope.value}`{permission}.{_end(row)}\n",
    ]
    if row.parameters is not None and (asked := tables.table(row.parameters, "member of `req`")):
        parts.append(asked)
    parts.append(_block(recorded.request))
    if row.result is not None and (told := tables.table(row.result, "member of `rsp`")):
        parts.append(told)
    answers = recorded.answers
    if len(answers) > 3:
        parts.append(f"{len(answers)} answers, of which the first and the last:\n")
        answers = (answers[0], answers[-1])
    return "\n".join((*parts, *map(_block, answers)))


def _end(row: Row) -> str:
    if row.final is None:
        return ""
    failures = "" if row.final.by_device else ", or a status other than 0"
    return f" Several answers: the last has `{row.final.member}` {row.final.value}{failures}."


def _unasked_chapter(each: Unasked, recording: Recording) -> str:
    place = "`data`" if each.data is not None else "`rsp`"
    shown = [
        _block(message)
        for kind, message in recording.unasked.items()
        if kind.partition(",")[0] == each.mtype
    ]
    about = tables.table(each.data or each.rsp, f"member of {place}")
    return "\n".join((f"## {each.mtype}\n", f"{each.about}\n", about, *shown))


def _block(message: Any) -> str:
    text = json.dumps(message, indent=2, ensure_ascii=False)
    # Lists of numbers read better in one line.
    text = re.sub(r"\[\s+([\d,\s-]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    return f"```json\n{timeless(text)}\n```\n"


_TIMES = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*"')
_UPDATED = re.compile(r'("updated": )"[A-Z][a-z]{2}, [^"]*"')
_UNIX = re.compile(r'("(?:timestamp|unixTime|nextRun|due|began|ended)": )[\d.]+')
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
