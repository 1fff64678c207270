"""What holds for all tests.

Ctrl-C is heard, each test leaves logging as it found it, no installed service's configuration is
read, and no example of hypothesis fails for being slow: a machine under load is no fault. Every
message that the gateway takes or sends is as its schema says.
"""

import fcntl
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from iqrf_trio.config import reading
from tests import recording

# Every program that a test starts inherits it; a test that gives an environment of its own sees the
# installed file as little.
os.environ[reading.FILE_VARIABLE] = ""
pytest.MonkeyPatch().setattr(reading, "_is_there", lambda _file: False)

settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile("quick", settings.get_profile("default"), max_examples=20)
settings.load_profile("default")  # an option --hypothesis-profile wins

# What a shell starts in the background ignores Ctrl-C, and so would every program that tests start
# and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


recording.start()


@pytest.fixture(autouse=True)
def _messages_as_declared() -> Iterator[None]:
    """What a test made the gateway take or send is held against the schemas."""
    yield
    complaints = list(recording.complaints)
    recording.complaints.clear()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command under test starts its log on the stderr of that test, which ends with it."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    levels = {logger: logger.level for logger in loggers}
    handlers = list(logging.root.handlers)
    yield
    logging.captureWarnings(False)
    logging.root.handlers[:] = handlers
    for logger, level in levels.items():
        logger.setLevel(level)


@pytest.fixture
def usual_ports() -> Iterator[None]:
    """Ports 1338 and 1339, which the pages for users name: for one test at a time on a machine."""
    with (Path(tempfile.gettempdir()) / "iqrf-trio-usual-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
