"""Root's commands in directories of others: they work as their owner, and follow no links of his.

Each command runs in a process of its own, for what is given up does not come back.
"""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from iqrf_trio.cli import Failure
from iqrf_trio.cli.support.privileges import account_of
from iqrf_trio.store import DATABASE_NAME
from tests.iqrf_trio.cli.process import ROOT, python

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")

UID, GID = 4711, 4712

# Python itself may be where only root can read, and imports much only when it is used.
PROGRAM = """
import os, sys
from iqrf_trio.cli.support import privileges
become = privileges.Account.become
def told(account):
    become(account)
    ids = {os.getuid(), os.geteuid(), *os.getresuid()}, {*os.getresgid(), *os.getgroups()}
    print("became", *map(sorted, ids), file=sys.stderr)
privileges.Account.become = told
from iqrf_trio.__main__ import main
sys.exit(main())
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IQRF_TRIO_CONFIG": ""}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
        timeout=60,
    )


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that others may enter, as /var/lib is; pytest closes its own again and again."""
    with TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def state(open_path: Path) -> Path:
    """A state directory of the service's user."""
    directory = open_path / "state"
    directory.mkdir(mode=0o700)
    os.chown(directory, UID, GID)
    return directory


def owners(directory: Path) -> set[tuple[int, int]]:
    found = [path.lstat() for path in directory.rglob("*")]
    return {(status.st_uid, status.st_gid) for status in found}


CREATE = ("token", "create", "-o", "bob", "-e", "1d")
SIMULATED = ("--simulate", "--port", "0", "--set", "simulator.speed=0")


@pytest.mark.parametrize(
    "words",
    [
        CREATE,
        ("db", "new"),
        ("backup", *SIMULATED),
        ("vault", "list"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_works_as_the_owner_of_the_directory(words: Sequence[str], state: Path) -> None:
    done = run(*words, "--state-dir", str(state))
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"became [{UID}] [{GID}]\n")
    assert owners(state) <= {(UID, GID)}


async def test_the_gateway_itself_runs_as_the_owner(state: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IQRF_TRIO_CONFIG": ""}
    words = ("run", *SIMULATED, "--state-dir", str(state))
    async with python("-c", PROGRAM, *words, directory=ROOT, env=environment) as gateway:
        await gateway.says("ready: ")
        assert f"became [{UID}] [{GID}]\n" in gateway.said
        assert await gateway.end(signal.SIGTERM) == 0
    assert owners(state) == {(UID, GID)}


def test_a_database_that_is_a_link_is_not_written_to(state: Path, open_path: Path) -> None:
    victim = open_path / "victim"
    victim.write_text("")
    victim.chmod(0o600)
    (state / DATABASE_NAME).symlink_to(victim)
    done = run(*CREATE, "--state-dir", str(state))
    assert done.returncode == 1, done.stdout
    assert victim.read_bytes() == b""
    assert victim.stat().st_uid == 0


@pytest.mark.parametrize("name", ["vault", "vault.lock"])
def test_links_of_the_owner_give_nothing_away(name: str, state: Path, open_path: Path) -> None:
    victim = open_path / "victim"
    victim.mkdir(mode=0o700)
    (state / name).symlink_to(victim)
    run("backup", *SIMULATED, "--state-dir", str(state))
    assert list(victim.iterdir()) == []
    assert victim.stat().st_uid == 0
    assert owners(state) <= {(UID, GID), (0, 0)}


def test_a_backup_goes_to_where_only_root_may_write(state: Path, open_path: Path) -> None:
    place = open_path / "of-root"
    place.mkdir(mode=0o700)
    elsewhere = open_path / "elsewhere"
    elsewhere.write_text("untouched")
    target = place / "gateway.iqvault"
    target.symlink_to(elsewhere)
    backup = ("backup", *SIMULATED, "--state-dir", str(state), "--file", str(target))
    done = run(*backup)
    assert done.returncode == 0, done.stderr
    status = target.lstat()
    assert stat.S_ISREG(status.st_mode)
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, 0, 0o600)
    assert elsewhere.read_text() == "untouched"
    assert [path.name for path in place.iterdir()] == ["gateway.iqvault"]
    shown = run("vault", "show", "--file", str(target), "--state-dir", str(state))
    assert shown.returncode == 0, shown.stderr


def test_a_backup_that_fails_leaves_the_former_one(state: Path, open_path: Path) -> None:
    place = open_path / "of-root"
    place.mkdir(mode=0o700)
    target = place / "gateway.iqvault"
    target.write_text("the former one")
    passphrase = ("--set", "vault.passphrase_file=/nowhere")
    words = ("--state-dir", str(state), "--file", str(target))
    done = run("backup", *SIMULATED, *passphrase, *words)
    assert done.returncode != 0
    assert target.read_text() == "the former one"
    assert [path.name for path in place.iterdir()] == ["gateway.iqvault"]


def test_a_backup_does_not_follow_a_link_to_a_directory(state: Path, open_path: Path) -> None:
    victim = open_path / "victim"
    victim.mkdir(mode=0o700)
    (state / "out").symlink_to(victim)
    os.lchown(state / "out", UID, GID)
    target = state / "out" / "gateway.iqvault"
    done = run("backup", *SIMULATED, "--state-dir", str(state), "--file", str(target))
    assert done.returncode == 1
    assert "is a link that root did not make" in done.stderr
    assert list(victim.iterdir()) == []


def unit(directory: Path, user: str) -> tuple[Path, ...]:
    directory.mkdir()
    (directory / "iqrf-trio.service").write_text(f"[Service]\nUser={user}\n")
    return (directory,)


def test_a_lost_directory_is_made_for_the_user_of_the_unit(open_path: Path) -> None:
    lost = open_path / "state"
    account = account_of(lost, unit(open_path / "units", str(UID)))
    assert account is not None
    assert account.uid == UID
    status = lost.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (UID, 0o700)


def test_without_such_a_user_root_keeps_what_is_its_own(open_path: Path) -> None:
    places = unit(open_path / "units", "nobody-of-this-name")
    assert account_of(open_path / "state", places) is None
    assert not (open_path / "state").exists()
    assert account_of(open_path, places) is None


def test_below_a_directory_of_somebody_root_is_he(state: Path) -> None:
    account = account_of(state / "deeper" / "still")
    assert account is not None
    assert (account.uid, account.gid) == (UID, GID)


def test_links_that_root_made_are_followed_and_others_are_not(state: Path, open_path: Path) -> None:
    link = open_path / "link"
    link.symlink_to("state")
    account = account_of(link)
    assert account is not None
    assert account.uid == UID
    os.lchown(link, UID, GID)
    with pytest.raises(Failure, match="a link that root did not make"):
        account_of(link)
    (state / "inner").symlink_to("/etc")
    with pytest.raises(Failure, match="a link that root did not make"):
        account_of(state / "inner")


def test_a_directory_of_root_that_others_may_replace_is_refused(state: Path) -> None:
    (state / "inner").mkdir()
    with pytest.raises(Failure, match="others may put something in its place"):
        account_of(state / "inner")
