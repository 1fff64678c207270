"""Marks for tests that need a package which must be compiled, or comes with one that must."""

from importlib.util import find_spec

import pytest

NO_COMPILER = "spidev and gpiod are not installed: without a compiler `make test` leaves them out"

needs_spi = pytest.mark.skipif(
    find_spec("spidev") is None or find_spec("gpiod") is None, reason=NO_COMPILER
)
