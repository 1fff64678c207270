"""What is left of a run: the closing words, JSON, and the table of the page."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from attrs import asdict, frozen

from bench.rows import Row, plain

Results = Mapping[str, Sequence[Row]]
"""The rows of each figure, by its name or its title."""

BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
"""What the table of a page stands between; each is a line of its own."""


@frozen
class Machine:
    """What it was measured on."""

    model: str
    cores: int
    architecture: str
    python: str
    system: str

    @classmethod
    def here(cls) -> "Machine":
        """This one."""
        cores = len(os.sched_getaffinity(0))
        return cls(_model(), cores, platform.machine(), platform.python_version(), _system())

    def __str__(self) -> str:
        """In a sentence."""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.model} ({self.architecture}), {cores}, {self.system}, Python {self.python}"


def _model() -> str:
    """As the kernel names the board, or the processor where there is no such name."""
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text("utf-8").rstrip("\0")
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    return found[1] if found else "a processor without a name"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # a small container has no such file
        return platform.system()


def verdict(results: Results) -> str:
    """Which figures missed their mark, and by how much."""
    missed = [row for rows in results.values() for row in rows if row.missed]
    if not missed:
        return "All marks are met."
    lines = [
        f"  {row.name}: {row.shown} ({row.verdict}){f'; {row.note}' if row.note else ''}"
        for row in missed
    ]
    return "\n".join(["Short of their mark:", *lines])


def as_json(results: Results, machine: Machine, seconds: float) -> dict[str, object]:
    """Everything, by the names of the figures."""
    figures = {name: [plain(row) for row in rows] for name, rows in results.items()}
    return {"machine": asdict(machine), "seconds": round(seconds), "figures": figures}


def table(results: Results, machine: Machine, seconds: float, day: date) -> str:
    """Everything in Markdown; `results` are by title."""
    lines = [f"Measured on {day:%Y-%m-%d} in {seconds:.0f} s on: {machine}."]
    for title, rows in results.items():
        lines += ["", f"### {title}", "", "| figure | | ratio | mark | |", "|---|--:|--:|---|---|"]
        lines += [_columns(row) for row in rows]
    return "\n".join(lines)


def _columns(row: Row) -> str:
    found = f"**{row.verdict}**" if row.missed else row.verdict
    cells = (row.name, row.shown, row.compared, found, row.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def replaced(page: str, text: str) -> str:
    """The page with this table in place of the one between BEGIN and END.

    Raises ValueError where the page has not each of the two once, in this order.
    """
    before, begin, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}, each once")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}\n{after}"
