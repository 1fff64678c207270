"""What the tests of the scheduler and the transceiver share."""

import pytest

from tests.iqrf_trio.radio.fakes import FakePort
from tests.iqrf_trio.radio.scheduler_rig import Log


@pytest.fixture
def port() -> FakePort:
    return FakePort()


@pytest.fixture
def log() -> Log:
    return Log()
