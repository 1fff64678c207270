"""A process that writes the history is killed at any moment: only the cycle under way is lost."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

KILLS, NODES = 30, 717

WRITER = f"""
import sys
from itertools import count
from pathlib import Path
from iqrf_trio.store.history import File
from protocol.readings.measured import Measured

file = File(Path(sys.argv[1]))
begin = int(sys.argv[2])
for number in count(begin):
    values = (Measured(mid, 0, 1, "Temperature", "C", 21.5) for mid in range(1, {NODES + 1}))
    file.append([(number * 600, each) for each in values])
    print(number, flush=True)
"""


@pytest.mark.slow
def test_only_the_cycle_under_way_is_lost(tmp_path: Path) -> None:
    path, random, begin = tmp_path / "history.db", Random(24), 1
    for _ in range(KILLS):
        words = [sys.executable, "-c", WRITER, str(path), str(begin)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(random.randint(1, 4)):
                told = int(writer.stdout.readline())
            # From here on it is somewhere within the next cycle.
            writer.send_signal(signal.SIGKILL)
            later = [int(line) for line in writer.stdout if line.endswith("\n")]
        told = max([told, *later])
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            kept = dict(connection.execute("SELECT at / 600, count(*) FROM sample GROUP BY at"))
        assert set(kept.values()) == {NODES}, "a cycle is there or it is not"
        assert kept.keys() >= set(range(1, told + 1)), "what was written is kept"
        begin = max(kept) + 1
