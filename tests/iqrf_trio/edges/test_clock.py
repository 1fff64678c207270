"""Who is asked whether the clock is synchronised, and in which order."""

from pathlib import Path

import pytest

from iqrf_trio.edges import clock


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that may not ask the kernel, with a directory where programs are found."""
    monkeypatch.setattr(clock, "_kernel_state", lambda: -1)
    monkeypatch.setattr(clock, "SYNCHRONISED", tmp_path / "synchronized")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return tmp_path


def says(directory: Path, words: str) -> None:
    program = directory / "timedatectl"
    program.write_text(f"#!/bin/sh\n{words}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(("state", "expected"), [(0, True), (3, True), (5, False)])
def test_the_kernel_knows(monkeypatch: pytest.MonkeyPatch, state: int, expected: bool) -> None:
    monkeypatch.setattr(clock, "_kernel_state", lambda: state)
    assert clock.synchronised() is expected


def test_the_kernel_may_be_asked_here_or_refuses() -> None:
    assert clock._kernel_state() in range(-1, 6)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('test "$2" = --property=NTPSynchronized && echo yes', True),
        ("echo no", False),
        ("echo tea", None),
        ("exit 1", None),
    ],
)
def test_in_a_sandbox_timedated_is_asked(sandbox: Path, words: str, expected: bool | None) -> None:
    says(sandbox, words)
    assert clock.synchronised() is expected


def test_in_a_sandbox_timesyncd_has_left_a_mark(sandbox: Path) -> None:
    says(sandbox, "exit 1")
    clock.SYNCHRONISED.touch()
    assert clock.synchronised() is True


def test_where_there_is_no_timedated_nobody_can_tell(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(sandbox))
    assert clock.synchronised() is None


def test_one_that_does_not_answer_is_given_up(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(sandbox, "exec sleep 60")
    monkeypatch.setattr(clock, "_PATIENCE_S", 0.05)
    assert clock.synchronised() is None
