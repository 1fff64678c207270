"""Recorded and told sequences of network services: each frame in its order, and each answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from tests.iqrf_trio.radio.fakes import FakePort
from tests.iqrf_trio.services.network.rig import Script, exchanged, gateway

VECTORS = Path(__file__).parents[3] / "vectors" / "iqmesh"

ROWS = [
    json.loads(line)
    for path in sorted(VECTORS.glob("*.jsonl"))
    for line in path.read_bytes().splitlines()
]

NOT_PLAYED = {
    "example-SmartConnect-1": "its frames are of another node and address than its request",
    "example-EnumerateDevice-1": "recorded with an older gateway, which reads another table",
    "example-ReadTrConf-1": "recorded with an older gateway, which asks who is bonded instead",
    "example-WriteTrConf-1": "recorded with an older gateway, which wrote by selective FRC",
    "example-Backup-1": "has no frames; see the tests of iqmeshNetwork_Backup",
}
"""Published rows that cannot be played. Where a row differs, its `better` says why."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
async def test_row(row: dict[str, Any], tmp_path: Path, autojump_clock: MockClock) -> None:
    script = Script()
    async with gateway(tmp_path, FakePort(script)) as rig:
        rig.network.chance = lambda: row["seed"]
        rig.gateway.keeper.shelves = ()  # snapshots are no part of the rows
        script.frames.extend(row["frames"])
        asked = row["request"] | {"returnVerbose": True}
        answers: list[Any] = []
        for _ in row["answers"]:
            if not answers:
                rig.caller.send(row["mType"], **asked)
            message = await rig.caller.next()
            assert message["mType"] == row["mType"]
            answers.append(message["data"])
        assert not script.frames
        raw = [pair for answer in answers for pair in exchanged(answer.get("raw", ()))]
        assert raw == [(frame["tx"], frame.get("rx", "")) for frame in row["frames"]]
        for answer, expected in zip(answers, row["answers"], strict=True):
            told = {name: answer[name] for name in answer if name in ("rsp", "status", "statusStr")}
            if "waveState" in told.get("rsp", ()) and not row["request"]["returnVerbose"]:
                del told["rsp"]["waveState"]
            assert told == expected
        assert await rig.store.journal() is None


def test_each_row_stands_once() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & NOT_PLAYED.keys()
