"""`make install`, `uninstall` and `deb`: what they leave where, and that it runs from there."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from iqrf_trio import __version__

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


def make(target: str, root: Path, **variables: object) -> str:
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


def install(root: Path, wheel: Path, **variables: object) -> str:
    return make("install", root, WHEEL=wheel, INSTALL_ARGS="--no-deps", **variables)


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
        make("uninstall", root)
        assert set(tree(root)) == {CONFIGURATION, STATE}
    assert not (root / "opt/iqrf-trio").exists()
    make("uninstall", root, PURGE=1)
    assert tree(root) == {}


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
