"""What the Makefile installs, with a Python that only writes down what it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PYTHON = """#!/bin/sh
echo "$@" >>{said}
case "$*" in
"-c import spidev" | *can-compile.py) exit {cannot} ;;
esac
"""


@pytest.mark.parametrize(("cannot", "spi"), [(0, True), (1, False)])
def test_without_a_compiler_the_spi_bus_is_left_out_and_that_is_said(
    cannot: int, spi: bool, tmp_path: Path
) -> None:
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    python, said = tmp_path / ".venv/bin/python", tmp_path / "said"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(said=said, cannot=cannot))
    python.chmod(0o755)
    done = subprocess.run(
        ["make", ".venv/.installed-tests"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, installed = said.read_text().splitlines()
    assert installed.startswith("-m pip install")
    assert (",spi" in installed) is spi
    assert ("tests of the SPI bus are left out" in done.stderr) is not spi
    assert (tmp_path / ".venv/.installed").exists()
