"""kill -9 before each statement of a life of tasks: none is torn, none runs twice, others run."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
def test_fault_9_a_kill_before_any_statement_tears_no_task(tmp_path: Path) -> None:
    # A process of its own: it forks, and this one may have threads.
    words = ["-m", "tests.iqrf_trio.services.tasks.killing", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout.split()[0])
    assert kills > 50, "the changes have more statements than that"
