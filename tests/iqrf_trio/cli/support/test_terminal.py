"""Bars and colours on a terminal, and nothing of them elsewhere; tables that fit it."""

import io
import os

import pytest

from iqrf_trio.cli.support.tables import table
from iqrf_trio.cli.support.terminal import ProgressLine, red
from protocol.network.pace import Pace


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_bar_is_replaced_and_taken_away_on_a_terminal() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.show(Pace("FRC", 5, 10, 3))
    assert stream.getvalue() == ("\r\x1b[K[##########..........] FRC 5 of 10, about 3 s left")
    line.clear()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_no_bar_elsewhere() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.show(Pace("FRC", 5, 10, 3))
    line.clear()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("stream", "variables", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours(
    stream: io.StringIO,
    variables: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert red("no", stream) == ("\x1b[31mno\x1b[0m" if coloured else "no")


def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(1, "a" * 60, "b" * 30), (1000, "short", "c")]
    head = ("address", "sensor", "product")
    wide = table(head, rows)
    assert "a" * 60 in wide
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    lines = table(head, rows).splitlines()
    assert max(map(len, lines)) == 40
    assert lines[1].startswith("      1  aaaa")
    assert "…" in lines[1]
    assert lines[2].startswith("   1000  short")


def test_numbers_are_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((8, 24)))
    assert table(("n", "text"), [(1234567890, "abcdefgh")]).splitlines()[1] == "1234567890  abc…"
