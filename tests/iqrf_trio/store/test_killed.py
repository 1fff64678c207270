"""kill -9 at random moments: what was acknowledged is there, and nothing is half there."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.store.sqlite import connect, transact
from tests.iqrf_trio.store import killing

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_200_kills_of_a_writer(tmp_path: Path) -> None:
    # A process of its own: it forks, and this one may have threads.
    words = ["-m", "tests.iqrf_trio.store.killing", str(tmp_path / "iqrf-trio.db"), "200", "7"]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    kills, writes = (int(word) for word in done.stdout.split() if word.isdigit())
    assert kills == 200
    assert writes > 100, "the kills came too early to mean anything"


def test_what_is_half_there_would_be_noticed(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        transact(connection, lambda each: killing.write(each, 1))
        assert killing.found(connection) == 1
        connection.execute("UPDATE sensor SET value = 2 WHERE position = 0 AND device = 5")
        with pytest.raises(AssertionError, match="at once"):
            killing.found(connection)
