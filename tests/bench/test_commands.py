"""What DPA commands as messages cost more than the same bytes."""

import json
import subprocess
import sys
from typing import Any

import pytest

from bench.commands import MOST, SHARE

LIMITS = {
    "iqrfEmbedOs_Read, Python calls": MOST,
    "rows of DPA commands, CPU": SHARE,
    "rows of DPA commands, memory": SHARE,
}
"""Ratios, in one run; the processor time of requests is only printed."""


SCRIPT = """
import json, logging
from bench.commands import counted
logging.disable()
print(json.dumps({row.name: row.ratio for row in counted()}))
"""


@pytest.mark.slow
def test_a_message_costs_little_more_than_its_bytes() -> None:
    """In a process of its own: what pytest does of the logging counts too."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, timeout=240
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found.keys() >= LIMITS.keys()
    assert {name: found[name] for name in LIMITS if found[name] > LIMITS[name]} == {}
