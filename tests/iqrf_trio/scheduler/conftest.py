"""What the tests of the scheduler share."""

import pytest

from tests.iqrf_trio.scheduler.rig import Log


@pytest.fixture
def log() -> Log:
    return Log()
