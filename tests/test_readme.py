"""A newcomer's path: what the README has one type, typed in a clean copy of the tree, in order.

Blocks that begin with ```console test are typed, line by line. A command without end, the gateway
or the watching of one, is left running once it has said what it should, and ends with Ctrl-C.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

BLOCK = re.compile(r"^```console test\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ENDLESS = {"make run": "Try, in another terminal:", ".venv/bin/iqrf-trio watch": "Watching"}
"""Commands that go on until Ctrl-C, and what they have said by the time the next one is typed."""

HASTE = {"make run": "--set simulator.speed=50", "make demo": "--speed 50"}
"""Real air time is for people; ARGS makes it shorter."""

PATIENCE_S = 60.0


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The tree as it is checked out, with an environment that needs no network."""
    tree = tmp_path / "iqrf-trio"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    environment(tree)
    return tree


def environment(tree: Path) -> None:
    """What `make venv` makes, with the libraries of the environment that runs this test."""
    venv = tree / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    site = next(venv.glob("lib/python3*/site-packages"))
    (site / "tree.pth").write_text(f"{tree}\n{sysconfig.get_path('purelib')}\n")
    script = venv / "bin" / "iqrf-trio"
    script.write_text(
        f"#!{venv}/bin/python\nimport sys\nfrom iqrf_trio.__main__ import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    for mark in (".installed", ".installed-tests"):
        (venv / mark).touch()


def commands(readme: str) -> list[str]:
    """What is typed, in order."""
    return [line for block in BLOCK.findall(readme) for line in block.splitlines() if line]


@asynccontextmanager
async def typed(command: str, tree: Path) -> AsyncIterator[trio.Process]:
    """A command as a shell runs it, in a group of its own as on a terminal."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tree),
        "ARGS": HASTE.get(command, ""),
        "PYTHONUNBUFFERED": "1",
    }
    process = await trio.lowlevel.open_process(
        command,
        shell=True,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        with trio.CancelScope(shield=True), trio.move_on_after(PATIENCE_S):
            await process.wait()


async def listen(process: trio.Process, words: str | None = None) -> str:
    """What a command says, until `words` or to its end; it goes on being listened to."""
    assert process.stdout is not None
    said = ""
    async for chunk in process.stdout:
        said += chunk.decode()
        if words is not None and words in said:
            break
    return said


async def test_what_the_readme_has_one_type_works(usual_ports: None, clone: Path) -> None:
    words = commands((clone / "README.md").read_text("utf-8"))
    assert words, "the README has no block that begins with ```console test"
    with trio.fail_after(PATIENCE_S):
        await follow(words, clone)


async def follow(words: list[str], tree: Path) -> None:
    """Type the first command, and while it goes on, if it does, the others."""
    if not words:
        return
    command, *rest = words
    async with typed(command, tree) as process:
        if command not in ENDLESS:
            said = await listen(process)
            assert await process.wait() == 0, f"{command}:\n{said}"
            await follow(rest, tree)
            return
        said = await listen(process, ENDLESS[command])
        assert ENDLESS[command] in said, f"{command}:\n{said}"
        assert process.poll() is None, f"{command}:\n{said}"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(listen, process))
            await follow(rest, tree)
            os.killpg(process.pid, signal.SIGINT)
            assert await process.wait() in {0, -signal.SIGINT, 130, 2}, command
