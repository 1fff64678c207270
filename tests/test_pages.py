"""What the pages for users have one type, typed by a shell on something like an installed machine.

A block that begins with ```console test is typed, page by page, all blocks of a page by one shell.
Every other block of commands says why it is not: ```console untested: REASON. The README has its
own test, and so has the page about MQTT, which takes a broker.

`sudo` is nothing, `systemctl` starts and stops a gateway on a simulated mesh, and the working
directory looks like a checkout.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "commands.md"),
]

BLOCK = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)

COMMAND = re.compile(
    r" *(sudo|make|git|(\.venv/bin/)?iqrf-trio|iqrfgd2-tokenctl|curl|docker|journalctl|"
    r"systemctl|openssl|npm|pip|python|"
    r"node|mosquitto_\w+|export|read) "
)

ELSEWHERE = {"README.md", "mqtt.md"}
"""Pages whose blocks other tests type."""

SHIMS = {
    "sudo": 'exec "$@"\n',
    # What the doctor finds on this machine is no failure of the page.
    "iqrf-trio": """\
[ "$1" = doctor ] || exec "$PROGRAM" -m iqrf_trio "$@"
"$PROGRAM" -m iqrf_trio "$@" || true
""",
    "systemctl": """\
stop() {
    ! kill "$(cat pid)" 2>/dev/null || tail --pid="$(cat pid)" -f /dev/null
}
start() {
    rm -f log  # the one of the last start says that it is ready
    setsid iqrf-trio run --token-file .run/token >log 2>&1 &
    echo $! >pid
    until grep -qs "Try, in another terminal" log; do
        kill -0 $! || { cat log; exit 1; }
        sleep 0.1
    done
}
case $1 in
    start | enable) start ;;
    stop) stop ;;
    restart) stop; start ;;
    *) exit 1 ;;
esac
""",
}

CONFIGURATION = """\
[port]
kind = "simulator"
[simulator]
nodes = 3
speed = 0.0
"""


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Each block of the page: what stands behind its ```, and its lines."""
    for indent, kind, text in BLOCK.findall(page.read_text()):
        yield kind, "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_block_of_commands_is_tested_or_says_why_not(page: Path) -> None:
    for kind, text in blocks(page):
        if kind.startswith("console"):
            assert re.fullmatch(r"console (test|untested: \w.{8,})", kind), text
        elif not kind:
            assert not COMMAND.match(text), text


@pytest.fixture
def machine(usual_ports: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shell there; a gateway runs."""
    shims = tmp_path / "shims"
    shims.mkdir()
    for name, text in SHIMS.items():
        (shims / name).write_text(f"#!/bin/bash\n{text}")
        (shims / name).chmod(0o755)
    (tmp_path / "iqrf-trio.toml").write_text(CONFIGURATION)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {
        "PATH": f"{shims}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PROGRAM": sys.executable,
        "IQRF_TRIO_CONFIG": str(tmp_path / "iqrf-trio.toml"),
        "IQRF_TRIO_STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT),
    }
    try:
        subprocess.run(["systemctl", "start"], cwd=tmp_path, env=environment, check=True)
        yield environment
    finally:
        subprocess.run(["systemctl", "stop"], cwd=tmp_path, env=environment, check=True)


def typed(page: Path) -> str:
    return "".join(text for kind, text in blocks(page) if kind == "console test")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in ELSEWHERE and typed(page)],
    ids=lambda page: page.name,
)
def test_what_a_page_has_one_type_works(
    page: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    for program in ("curl", "jq", "openssl"):
        if program in typed(page) and shutil.which(program) is None:
            pytest.skip(f"no {program} here")
    token = (tmp_path / ".run/token").read_text().strip()
    done = subprocess.run(
        ["bash", "-xeuo", "pipefail", "-c", typed(page)],
        cwd=tmp_path,
        env={**machine, "IQRF_TRIO_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "log").read_text()
