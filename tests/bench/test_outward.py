"""What a request takes while the broker is away, in figures that no noise touches."""

import json
import subprocess
import sys

import pytest

from bench.outward import SHARE

COUNT = """
import json, logging
logging.disable()
from bench.outward import calls
print(json.dumps({row.name: row.ratio for row in calls()}))
"""


@pytest.mark.slow
def test_a_broker_that_is_away_costs_requests_nothing() -> None:
    """In a process of its own: what pytest does of the logging counts too."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT], check=True, capture_output=True, text=True, timeout=120
    )
    ratios = json.loads(done.stdout)
    assert len(ratios) == 2
    assert all(ratio <= SHARE for ratio in ratios.values()), ratios
