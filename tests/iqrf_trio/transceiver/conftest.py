"""What the tests of the transceiver share."""

import pytest

from tests.iqrf_trio.transceiver.fakes import FakePort


@pytest.fixture
def port() -> FakePort:
    return FakePort()
