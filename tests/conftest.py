"""What holds for all tests: each one leaves logging as it found it."""

import logging
from collections.abc import Iterator

import pytest


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
