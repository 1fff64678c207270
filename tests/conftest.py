"""What holds for all tests: Ctrl-C is heard, and each one leaves logging as it found it."""

import logging
import signal
from collections.abc import Iterator

import pytest

# What a shell starts in the background ignores Ctrl-C, and so would every program that tests start
# and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
