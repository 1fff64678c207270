"""What a request takes of the gateway, in figures that no noise touches."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.instant import Answers
from iqrf_trio.simulator.files.plan import generate
from protocol.dpa.packet import COORDINATOR, Response, parse
from protocol.dpa.peripherals.os import os_read

AT_MOST = {
    "iqrfRaw to the coordinator, steps of tasks": 2.5,
    "iqrfRaw to the coordinator, Python calls": 330,
    "mngDaemon_Version, steps of tasks": 1.5,
    "mngDaemon_Version, Python calls": 130,
}


@pytest.mark.slow
def test_a_request_takes_no_more_steps_and_calls_than_it_has_to(tmp_path: Path) -> None:
    """In a process of its own: what pytest does of the logging counts too."""
    figures = tmp_path / "figures.json"
    words = [sys.executable, "-m", "bench", "counting", "--out", str(figures)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    (rows,) = json.loads(figures.read_text("utf-8"))["figures"].values()
    counted = {row["name"]: row["value"] for row in rows if row["name"] in AT_MOST}
    assert counted.keys() == AT_MOST.keys()
    too_many = {name: value for name, value in counted.items() if value > AT_MOST[name]}
    assert not too_many


def test_the_instant_coordinator_says_the_same_each_time() -> None:
    answers = Answers(generate(3))
    frame = os_read(COORDINATOR).request.encode()
    (first,) = answers.to(frame)
    response = parse(first)
    assert isinstance(response, Response)
    assert response.rcode == 0
    assert answers.to(frame) == [first]
