import json
import logging
import os
from datetime import datetime
from pathlib import Path

import pytest

from iqrf_trio.config import ConfigError, load
from iqrf_trio.edges.trace import TraceFile
from iqrf_trio.wiring.ports import trace_of


def test_each_frame_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    trace = TraceFile(path)
    trace("out", b"\x00\x00\x02\x00\xff\xff")
    trace("in", b"\xab")
    out, in_ = map(json.loads, path.read_text().splitlines())
    assert (out["direction"], out["frame"]) == ("out", "00.00.02.00.ff.ff")
    assert (in_["direction"], in_["frame"]) == ("in", "ab")
    assert datetime.fromisoformat(out["time"]) <= datetime.fromisoformat(in_["time"])
    assert out["time"].endswith("Z")


def test_it_goes_on_where_it_was_and_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    for _ in range(2):
        trace = TraceFile(path)
        trace("out", b"\x01")
    path.rename(tmp_path / "trace.1")
    trace("out", b"\x02")
    assert (tmp_path / "trace.1").read_text().count("\n") == 2
    assert path.read_text().count("\n") == 1


def test_a_disk_that_is_full_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    trace = TraceFile(Path("/dev/full"))
    with caplog.at_level(logging.ERROR):
        trace("out", b"\x01")
        trace("out", b"\x02")
    assert caplog.messages == ["/dev/full: No space left on device; frames are missing in it"]


def test_without_a_name_nothing_is_traced() -> None:
    assert trace_of(load(None, [], environment={})) is None


def test_a_file_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    config = load(None, [f"port.trace={tmp_path}{os.sep}no{os.sep}where"], environment={})
    with pytest.raises(ConfigError, match=r"port\.trace No such file or directory; name a file"):
        trace_of(config)
