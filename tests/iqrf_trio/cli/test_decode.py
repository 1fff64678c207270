"""`iqrf-trio decode`: frames, traces and recordings in words."""

import json
from pathlib import Path

import pytest

from iqrf_trio.__main__ import main
from iqrf_trio.edges.trace import TraceFile
from tests.protocol.dpa.test_replay import ANSWER, CONFIRMED, DONE, HEAD, LED, LOCAL, row


def test_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "00.00.02.00.ff.ff", "000006 01ffff", "00:01"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "request, coordinator: OS Read",
        "request, coordinator: LEDR SetOn",
        "no DPA: 00.01 (a DPA frame has 6 to 64 bytes, not 2)",
    ]


def test_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = TraceFile(tmp_path / "trace.jsonl")
    trace("out", bytes.fromhex("00000000ffff"))
    trace("in", bytes.fromhex("00000080000000a71e08"))
    trace.flush()
    assert main(["decode", str(trace.path)]) == 0
    out, in_ = capsys.readouterr().out.splitlines()
    assert out.split("Z ")[1] == "> request, coordinator: Coordinator AddrInfo"
    assert in_.split("Z ")[1].startswith("< response, coordinator: Coordinator AddrInfo: ")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = TraceFile(tmp_path / "trace.jsonl")
    trace("out", bytes.fromhex("00000000ffff"))
    trace.flush()
    assert main(["decode", "--json", "00.00.02.00.ff.ff", str(trace.path)]) == 0
    frame, traced = map(json.loads, capsys.readouterr().out.splitlines())
    assert frame == {"frame": "00.00.02.00.ff.ff", "text": "request, coordinator: OS Read"}
    assert traced["direction"] == "out"
    assert traced.keys() == {"time", "direction", "frame", "text"}


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "{}",
        '{"frame": 5, "time": "", "direction": "in"}',
        '{"frame": "xy", "time": "", "direction": "in"}',
        '{"frame": "00", "time": "", "direction": "up"}',
    ],
)
def test_a_file_that_is_no_trace(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trace"
    file.write_text(line)
    assert main(["decode", str(file)]) == 1
    assert "line 1 is no line of a trace" in capsys.readouterr().err


def test_neither_a_frame_nor_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "nothing"]) == 1
    assert capsys.readouterr().err == (
        "iqrf-trio: nothing: No such file or directory; name a frame or a file\n"
    )


def test_nothing_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode"]) == 2


def test_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.tsv"
    good = [row(LOCAL, "", ANSWER, "", "46"), row(LED, CONFIRMED, DONE, "35", "900")]
    table.write_text("\n".join((HEAD, *good)))
    assert main(["decode", "--captures", str(table)]) == 0
    assert capsys.readouterr().out == (
        "2 transactions: 2 as recorded (1 of them only with a timeout of the client's own), 0 not\n"
    )
    table.write_text("\n".join((HEAD, *good, row(LOCAL, "", DONE, "", "1"))))
    assert main(["decode", "--captures", str(table)]) == 1
    assert "made up: ended with ERROR_TIMEOUT, not ok\n" in capsys.readouterr().out
    table.write_text("something else")
    assert main(["decode", "--captures", str(table)]) == 1
    assert "is no table of recordings" in capsys.readouterr().err


def test_keys_are_asterisks_wherever_they_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ".".join(["a7"] * 16)
    frame = f"03.00.02.06.ff.ff.00.{key}"
    for keys in (False, True):
        trace = TraceFile(tmp_path / f"trace-{keys}", keys)
        trace("out", bytes.fromhex(frame.replace(".", "")))
        trace.flush()
        assert (key in trace.path.read_text()) is keys
        assert main(["decode", str(trace.path)]) == 0
    assert main(["decode", frame]) == 0
    lines = capsys.readouterr().out.splitlines()
    hidden = "request, node 3: OS SetSecurity: PDATA 00." + ".".join(["**"] * 16)
    assert [line[-len(hidden) :] for line in lines] == [hidden] * 3
