"""`make install`, `uninstall` and `deb`: what they leave where, and that it runs from there."""

import argparse
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest

from iqrf_trio import __version__
from iqrf_trio.cli import COMMANDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

VENV = "opt/iqrf-trio/venv"

CONFIGURATION = "etc/iqrf-trio/iqrf-trio.toml"

STATE = "var/lib/iqrf-trio/iqrf-trio.db"

INSTALLED = {
    CONFIGURATION,
    "etc/systemd/system/iqrf-trio.service",
    "etc/sysusers.d/iqrf-trio.conf",
    "etc/tmpfiles.d/iqrf-trio.conf",
    "etc/udev/rules.d/60-iqrf-trio.rules",
    "opt/iqrf-trio/share/iqrf-trio.toml",
    "opt/iqrf-trio/share/simulated-network.toml",
    "opt/iqrf-trio/share/simulated-bonding.toml",
    "opt/iqrf-trio/share/simulated-trouble.toml",
    "usr/local/bin/iqrf-trio",
    "usr/local/bin/iqrfgd2-tokenctl",
    "usr/local/share/bash-completion/completions/iqrf-trio",
    "usr/local/share/bash-completion/completions/iqrfgd2-tokenctl",
    "usr/local/share/man/man1/iqrf-trio.1",
    "usr/local/share/man/man1/iqrfgd2-tokenctl.1",
    "usr/local/share/man/man5/iqrf-trio.toml.5",
}
"""Everything outside the environment."""

SOURCES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "protocol", "iqrf_trio")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as a wheel, made without asking the network for anything."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(source)], check=True)
    return next(directory.glob("*.whl"))


def make(target: str, root: Path | str, **variables: object) -> str:
    """Run make with DESTDIR at `root`; returns what it said."""
    words = [f"{name}={value}" for name, value in {"DESTDIR": root, **variables}.items()]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["make", "--silent", target, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def offline(wheel: Path) -> dict[str, object]:
    """What lets the environment be built without asking the network."""
    return {"WHEEL": wheel, "PIP": f"{sys.executable} -m pip", "INSTALL_ARGS": "--no-deps"}


def install(root: Path, wheel: Path, **variables: object) -> str:
    return make("install", root, **offline(wheel), **variables)


def tree(root: Path) -> dict[str, str]:
    """Every file and link under `root`, with its mode or target."""
    return {
        str(path.relative_to(root)): str(path.readlink())
        if path.is_symlink()
        else f"{path.stat().st_mode & 0o777:o}"
        for path in root.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def outside(files: dict[str, str]) -> set[str]:
    """The files that are not of the environment."""
    return {name for name in files if not name.startswith(f"{VENV}/")}


def run_in_place(environment: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program; the libraries are those of this test's environment."""
    site = next(environment.glob("lib/python3*/site-packages"))
    libraries = sysconfig.get_path("purelib")
    return subprocess.run(
        [environment / "bin/python", "-m", "iqrf_trio", *words],
        cwd=environment,
        env={"PYTHONPATH": f"{site}:{libraries}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the service installed twice, the configuration edited in between."""
    root = tmp_path_factory.mktemp("install") / "root"
    install(root, wheel)
    first = tree(root)
    assert outside(first) == INSTALLED
    (root / CONFIGURATION).write_text("# mine\n")
    (root / STATE).parent.mkdir(parents=True)
    (root / STATE).write_text("tokens")
    said = install(root, wheel)
    assert "Building the programs for /opt/iqrf-trio" in said
    assert "was edited and stays" in said
    assert tree(root) == {**first, STATE: f"{(root / STATE).stat().st_mode & 0o777:o}"}
    return root


def test_installing_again_keeps_what_was_edited_and_the_state(installed: Path) -> None:
    assert (installed / CONFIGURATION).read_text() == "# mine\n"
    assert (installed / STATE).read_text() == "tokens"


def test_a_default_that_was_not_edited_becomes_the_new_one(installed: Path, wheel: Path) -> None:
    old_default = "# the default of an older version\n"
    kept = installed / "opt/iqrf-trio/share/iqrf-trio.toml"
    mine = (installed / CONFIGURATION).read_text()
    for file in (kept, installed / CONFIGURATION):
        file.write_text(old_default)
    install(installed, wheel)
    assert (installed / CONFIGURATION).read_text() == (ROOT / "etc/iqrf-trio.toml").read_text()
    (installed / CONFIGURATION).write_text(mine)


def test_everything_names_its_final_place(installed: Path) -> None:
    traces = [
        path
        for path in installed.rglob("*")
        if path.is_file() and not path.is_symlink() and str(installed).encode() in path.read_bytes()
    ]
    assert traces == []
    files = tree(installed)
    assert files["usr/local/bin/iqrf-trio"] == f"/{VENV}/bin/iqrf-trio"
    script = (installed / VENV / "bin/iqrf-trio").read_text()
    assert script.startswith(f"#!/{VENV}/bin/python")
    unit = (installed / "etc/systemd/system/iqrf-trio.service").read_text()
    assert f"ExecStart=/{VENV}/bin/iqrf-trio run -c /{CONFIGURATION}\n" in unit
    assert "@" not in unit.replace("@system-service", "").replace("@privileged @resources", "")
    assert files[CONFIGURATION] == "640"


def test_the_installed_program_does_its_main_job(installed: Path) -> None:
    assert run_in_place(installed / VENV, "--version").stdout == f"iqrf-trio {__version__}\n"
    demo = run_in_place(installed / VENV, "demo", "--speed", "0", "--nodes", "3")
    assert demo.returncode == 0, demo.stderr


def test_uninstalling_leaves_configuration_and_state(installed: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(installed, root, symlinks=True)
    for _ in range(2):
        assert "stay, PURGE=1 removes them too" in make("uninstall", root)
        assert set(tree(root)) == {CONFIGURATION, STATE}
    assert not (root / "opt/iqrf-trio").exists()
    make("uninstall", root, PURGE=1)
    assert list(root.rglob("*")) == []


def test_every_command_is_completed_and_in_the_manual() -> None:
    completion = (ROOT / "etc/completions/iqrf-trio.bash").read_text()
    line = completion.partition("COMP_CWORD == 1")[2].partition('" --')[0]
    manual = (ROOT / "etc/man/iqrf-trio.1").read_text()
    for name in COMMANDS:
        assert name in line.replace("\\", " ").split('"')[1].split(), name
        assert f".B {name}\n" in manual, name
    subprocess.run(["bash", "-n", ROOT / "etc/completions/iqrf-trio.bash"], check=True)


def test_the_shell_completes(installed: Path) -> None:
    file = installed / "usr/local/share/bash-completion/completions/iqrf-trio"
    assert completed(file, "imp") == {"import-incumbent"}


def completed(file: Path, *words: str) -> set[str]:
    """What the shell proposes for the last of the words behind `iqrf-trio`."""
    typed = f"COMP_WORDS=(iqrf-trio {shlex.join(words)}); COMP_CWORD={len(words)}"
    script = f"source {file}; {typed}; _iqrf_trio; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("command", ["call", "watch", "backup", "restore", "vault"])
def test_the_shell_completes_what_the_command_takes(command: str) -> None:
    parser = argparse.ArgumentParser(conflict_handler="resolve")  # as of __main__
    import_module(f"iqrf_trio.cli.{command}").configure(parser)
    options = set(re.findall(r"--[a-z][a-z-]*", parser.format_help()))
    assert completed(ROOT / "etc/completions/iqrf-trio.bash", command, "--") == options


def test_the_shell_completes_keys_and_boards() -> None:
    file = ROOT / "etc/completions/iqrf-trio.bash"
    assert completed(file, "run", "--set", "port.spi.b") == {
        "port.spi.board=",
        "port.spi.bus_enable_pin=",
    }
    assert completed(file, "run", "--set", "port.spi.board", "=", "iq") == {"iqube"}
    assert completed(file, "run", "--set", "port.spi.board", "=") >= {"iqube", "raspberry-pi"}


DEB = {
    CONFIGURATION,
    "opt/iqrf-trio/share/iqrf-trio.toml",
    "opt/iqrf-trio/share/simulated-network.toml",
    "opt/iqrf-trio/share/simulated-bonding.toml",
    "opt/iqrf-trio/share/simulated-trouble.toml",
    "usr/bin/iqrf-trio",
    "usr/bin/iqrfgd2-tokenctl",
    "usr/lib/systemd/system/iqrf-trio.service",
    "usr/lib/sysusers.d/iqrf-trio.conf",
    "usr/lib/tmpfiles.d/iqrf-trio.conf",
    "usr/lib/udev/rules.d/60-iqrf-trio.rules",
    "usr/share/bash-completion/completions/iqrf-trio",
    "usr/share/bash-completion/completions/iqrfgd2-tokenctl",
    "usr/share/doc/iqrf-trio/copyright",
    "usr/share/man/man1/iqrf-trio.1.gz",
    "usr/share/man/man1/iqrfgd2-tokenctl.1.gz",
    "usr/share/man/man5/iqrf-trio.toml.5.gz",
}
"""Everything in the package outside the environment."""


def dpkg(root: Path, *words: str) -> None:
    """Let dpkg work on the packages below `root`, its maintainer scripts as well."""
    forced = ("--force-not-root", "--force-depends", "--force-script-chrootless")
    done = subprocess.run(
        ["dpkg", f"--root={root}", *forced, *words],
        capture_output=True,
        text=True,
        check=False,
        # dpkg insists on what is in sbin, which few users have in their path.
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def scratch_root(root: Path) -> None:
    """A system with nothing but root and dpkg's own files."""
    for directory in ("info", "updates"):
        (root / "var/lib/dpkg" / directory).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")


def ours(root: Path) -> set[str]:
    """What is below `root` and not of the system."""
    return {
        name
        for name in outside(tree(root))
        if not name.startswith("var/lib/dpkg/")
        and not re.fullmatch(r"etc/(passwd|group|g?shadow|\.pwd\.lock)-?", name)
    }


def test_the_package_installs_runs_and_goes(wheel: Path, tmp_path: Path) -> None:
    made = make("deb", "", **offline(wheel), DIST=tmp_path).split()
    package, root = made[-1], tmp_path / "root"
    scratch_root(root)
    dpkg(root, "--install", package)
    dpkg(root, "--install", package)
    assert ours(root) == DEB
    assert "iqrf-trio:" in (root / "etc/passwd").read_text()
    assert stat.S_IMODE((root / STATE).parent.stat().st_mode) == 0o700
    demo = run_in_place(root / VENV, "demo", "--speed", "0", "--nodes", "2")
    assert demo.returncode == 0, demo.stderr
    (root / STATE).touch()
    dpkg(root, "--remove", "iqrf-trio")
    assert ours(root) == {CONFIGURATION, STATE}
    assert not (root / "opt").exists()
    dpkg(root, "--purge", "iqrf-trio")
    assert ours(root) == set()


def test_other_places_are_honoured(wheel: Path, tmp_path: Path) -> None:
    places = {"PREFIX": "/srv/gateway", "SYSCONFDIR": "/srv/etc", "BINDIR": "/srv/bin"}
    install(tmp_path, wheel, **places)
    files = tree(tmp_path)
    assert "srv/etc/iqrf-trio/iqrf-trio.toml" in files
    assert files["srv/bin/iqrf-trio"] == "/srv/gateway/venv/bin/iqrf-trio"
    assert not {name for name in files if name.startswith(("opt", "etc"))}
    unit = (tmp_path / "srv/etc/systemd/system/iqrf-trio.service").read_text()
    assert "/srv/gateway/venv/bin/iqrf-trio run -c /srv/etc/iqrf-trio/iqrf-trio.toml" in unit
    make("uninstall", tmp_path, PURGE=1, **places)
    assert tree(tmp_path) == {}


def test_a_place_with_spaces_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    root = tmp_path / "a b"
    words = ["make", "--silent", "install", f"DESTDIR={root}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "has spaces, which an environment cannot stand; name another" in done.stderr
    assert not root.exists()
