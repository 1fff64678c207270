"""Tests that need a program: skipped where it is missing, but not where it was installed."""

from pathlib import Path

import pytest

from tests import programs

CI = (Path(__file__).parent.parent / ".ci/run").read_text("utf-8")


def skipped(program: str) -> bool:
    return bool(programs.needs(program, "a-package").args[0])


def test_what_is_missing_is_skipped_unless_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(programs.REQUIRED, raising=False)
    assert skipped("no-such-program")
    assert not skipped("sh")
    monkeypatch.setenv(programs.REQUIRED, "mosquitto no-such-program")
    assert not skipped("no-such-program")
    assert skipped("no-such")


@pytest.mark.parametrize("program", ["mosquitto", "mosquitto_pub", "chromium"])
def test_the_pipeline_installs_and_requires_it(program: str) -> None:
    assert f"\nprogram {program} " in CI
    assert f"export {programs.REQUIRED}=" in CI
