"""Snapshots as files: private, whole or not there, and as many as were asked for."""

import errno
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio.services.vault.files import Files, VaultError, lock, read, write_private

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = Files(tmp_path / "vault", 3).add(b"content", NOW)
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert path.name == "000001-20260601T120000Z.iqvault"
    assert read(path) == b"content"


def test_as_many_generations_are_kept_as_were_asked_for(tmp_path: Path) -> None:
    kept = Files(tmp_path / "vault", 3)
    for number in range(7):
        kept.add(bytes((number,)), NOW)
    assert [read(path) for path in kept.newest_first()] == [b"\x06", b"\x05", b"\x04"]
    assert kept.newest_first()[0].name.startswith("000007-")
    alone = Files(tmp_path / "vault", 1)
    alone.add(b"\x07", NOW)
    assert [read(path) for path in alone.newest_first()] == [b"\x07"]


def test_a_clock_that_was_set_back_does_not_confuse_the_order(tmp_path: Path) -> None:
    kept = Files(tmp_path, 3)
    kept.add(b"first", NOW)
    kept.add(b"second", datetime(1970, 1, 1, tzinfo=UTC))
    assert [read(path) for path in kept.newest_first()] == [b"second", b"first"]


def test_other_files_are_none_of_its_business(tmp_path: Path) -> None:
    for name in ("before-restore-20260101T000000Z.iqvault", "notes.txt", "000009-x.unfinished"):
        (tmp_path / name).touch()
    kept = Files(tmp_path, 1)
    assert kept.newest_first() == []
    kept.add(b"one", NOW)
    kept.add(b"two", NOW)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_write_that_was_cut_off_leaves_the_file_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshot"
    write_private(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(VaultError, match=r"cannot write .*snapshot: No space left on device"):
        write_private(path, b"new")
    assert read(path) == b"old"
    monkeypatch.undo()
    # What was left behind is in nobody's way.
    write_private(path, b"new")
    assert read(path) == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["snapshot"]


def test_the_content_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, list[str]]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        what = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((what, sorted(each.name for each in tmp_path.iterdir())))
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", watch)
    write_private(tmp_path / "snapshot", b"content")
    assert synced == [
        ("snapshot.unfinished", ["snapshot.unfinished"]),
        (tmp_path.name, ["snapshot"]),
    ]


def test_places_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match=r"cannot make .*: Not a directory"):
        Files(tmp_path / "file" / "vault", 1).add(b"", NOW)
    with pytest.raises(VaultError, match=r"cannot write .*: No such file or directory"):
        write_private(tmp_path / "nowhere" / "file", b"")
    with pytest.raises(VaultError, match=r"cannot read .*: No such file or directory"):
        read(tmp_path / "nowhere")
    with pytest.raises(VaultError, match=r"cannot lock .*: Is a directory"):
        lock(tmp_path)
    assert Files(tmp_path / "nowhere", 1).newest_first() == []


def test_a_lock_belongs_to_one(tmp_path: Path) -> None:
    held = lock(tmp_path / "lock")
    assert held is not None
    assert lock(tmp_path / "lock") is None
    other = os.open(tmp_path / "lock", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(held)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
