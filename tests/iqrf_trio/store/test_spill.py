"""Lines that the database did not take."""

import stat
from pathlib import Path

import pytest

from iqrf_trio.store import StoreError
from iqrf_trio.store import spill as module
from iqrf_trio.store.spill import Spill


def test_lines_are_kept_until_they_are_removed(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "lines")
    assert spill.lines() == ()
    spill.add(["one", "two"])
    spill.add(["three"])
    assert spill.lines() == ["one", "two", "three"]
    assert stat.S_IMODE(spill.path.stat().st_mode) == 0o600
    spill.remove()
    spill.remove()
    assert spill.lines() == ()


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "lines")
    spill.path.write_bytes(b"whole\nto")
    spill.add(["next"])
    assert spill.lines() == ["whole", "to", "next"]


def test_the_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = Spill(tmp_path / "lines")
    monkeypatch.setattr(module, "LARGEST", 20)
    spill.add(["0123456789"])
    with pytest.raises(StoreError, match="is full"):
        spill.add(["0123456789"])
    assert spill.lines() == ["0123456789"]
    spill.path.write_bytes(b"x" * 21)
    with pytest.raises(StoreError, match="larger"):
        spill.lines()


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "none" / "lines")
    with pytest.raises(StoreError, match="cannot write"):
        spill.add(["one"])
    folder = Spill(tmp_path)
    with pytest.raises(StoreError, match="cannot read"):
        folder.lines()
    with pytest.raises(StoreError, match="cannot remove"):
        folder.remove()
