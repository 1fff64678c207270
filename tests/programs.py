"""Programs that some tests run: where one is missing, its tests are skipped by name.

The environment variable REQUIRED names the programs that were installed for the tests. Of those
nothing is skipped: a test that does not find its program fails, so that nobody takes for passed
what was never run.
"""

import os
import shutil

import pytest

REQUIRED = "IQRF_TRIO_TEST_PROGRAMS"

# Debian keeps servers out of the search path of users.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))


def found(program: str) -> str | None:
    """Where a program is; None where it is not installed."""
    return shutil.which(program, path=_PATH)


def required(program: str) -> bool:
    """Whether tests that need it must not be skipped."""
    return program in os.environ.get(REQUIRED, "").split()


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """The mark of tests that run `program`, which Debian has in `package`."""
    reason = f"{program} is not installed (on Debian: sudo apt install {package})"
    return pytest.mark.skipif(found(program) is None and not required(program), reason=reason)
