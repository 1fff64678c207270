"""What comes with the program, what its user adds, and what is wrong with that."""

import subprocess
import sys
from pathlib import Path

import pytest

from iqrf_trio.wiring.products import load
from protocol.network.catalogue import CatalogueError, Entry


def test_what_comes_with_the_program() -> None:
    entry = load().get(0x3004)
    assert entry == Entry(0x3004, "MICRORISC s.r.o.", "IQUBE (IQD-GW-02)")


def test_what_its_user_adds_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[product]]\nhwpid = 0x3004\nmanufacturer = "ö"\nname = "mine"\n', "utf-8")
    catalogue = load(file)
    assert catalogue.get(0x3004) == Entry(0x3004, "ö", "mine")
    assert len(catalogue) == len(load())


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff", "utf-8"), (b"[[product]]", "hwpid is missing"), (b"=", "no TOML")],
)
def test_what_is_no_catalogue(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(CatalogueError, match=f"^{file}: .*{reason}"):
        load(file)
    with pytest.raises(CatalogueError, match="No such file"):
        load(tmp_path / "missing.toml")


def test_the_gateway_does_not_start_with_a_catalogue_that_is_none(tmp_path: Path) -> None:
    words = ["run", "--simulate", "--port", "0", "--state-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "iqrf_trio", *words, "--set", "database.products=missing.toml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "database.products missing.toml: No such file or directory; correct" in done.stderr
