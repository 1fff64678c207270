from datetime import date

import pytest

from bench.report import BEGIN, END, Machine, as_json, replaced, table, verdict
from bench.rows import Mark, Row

MACHINE = Machine("Raspberry Pi 4 Model B", 4, "aarch64", "3.11.2", "Debian GNU/Linux 12")
RESULTS = {
    "Start": [
        Row("exec to listening", 0.72, "s", mark=Mark(0.6, at_least=False), note="best of 3"),
        Row("memory after start", 41.6, "MB", mark=Mark(45, at_least=False)),
    ],
    "Fan-out": [Row("50 clients", 9.0, "ms", 0.02, "of 1 | each")],
}
PAGE = f"# Performance\n\nBefore.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n"


def test_the_verdict_names_what_was_missed_and_by_how_much() -> None:
    assert verdict(RESULTS) == (
        "Short of their mark:\n  exec to listening: 0.72 s (≤ 0.6, missed by 20 %); best of 3"
    )
    assert verdict({"Fan-out": RESULTS["Fan-out"]}) == "All marks are met."


def test_the_table_has_every_row_and_the_machine() -> None:
    first, *rest = table(RESULTS, MACHINE, 217.4, date(2026, 11, 22)).splitlines()
    assert first == f"Measured on 2026-11-22 in 217 s on: {MACHINE}."
    assert str(MACHINE).startswith("Raspberry Pi 4 Model B (aarch64), 4 cores, Debian")
    assert rest == [
        "",
        "### Start",
        "",
        "| figure | | ratio | mark | |",
        "|---|--:|--:|---|---|",
        "| exec to listening | 0.72 s |  | **≤ 0.6, missed by 20 %** | best of 3 |",
        "| memory after start | 41.6 MB |  | ≤ 45, met |  |",
        "",
        "### Fan-out",
        "",
        "| figure | | ratio | mark | |",
        "|---|--:|--:|---|---|",
        "| 50 clients | 9 ms | 0.02 of 1 \\| each |  |  |",
    ]


def test_json_has_everything() -> None:
    report = as_json(RESULTS, MACHINE, 217.4)
    assert report["seconds"] == 217
    figures = report["figures"]
    assert isinstance(figures, dict)
    assert [row["missed"] for row in figures["Start"]] == [True, False]


def test_only_the_table_of_a_page_is_replaced() -> None:
    page = replaced(PAGE, "new")
    assert page == f"# Performance\n\nBefore.\n\n{BEGIN}\n\nnew\n\n{END}\n\nAfter.\n"
    assert replaced(page, "newer") == page.replace("new", "newer")


@pytest.mark.parametrize(
    "page",
    ["", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n", PAGE + PAGE, f"{PAGE}{BEGIN}\n"],
)
def test_a_page_without_its_two_lines_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="each once"):
        replaced(page, "new")


def test_this_machine_has_a_name() -> None:
    here = Machine.here()
    assert here.model
    assert here.cores >= 1
    assert here.python in str(here)
