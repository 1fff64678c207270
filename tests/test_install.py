"""`make install`, `uninstall` and `deb`: what they leave where, and that it runs from there."""

import argparse
import os
import re
import shlex
import shutil
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

MANUALS = sorted((ROOT / "etc/man").iterdir())

INSTALLED = {
    CONFIGURATION,
    "etc/systemd/system/iqrf-trio.service",
    "etc/sysusers.d/iqrf-trio.conf",
    "etc/tmpfiles.d/iqrf-trio.conf",
    "etc/udev/rules.d/60-iqrf-trio.rules",
    "opt/iqrf-trio/share/iqrf-trio.toml",
    *(f"opt/iqrf-trio/share/{mesh.name}" for mesh in ROOT.glob("etc/simulated-*.toml")),
    "usr/local/bin/iqrf-trio",
    "usr/local/bin/iqrfgd2-tokenctl",
    "usr/local/share/bash-completion/completions/iqrf-trio",
    "usr/local/share/bash-completion/completions/iqrfgd2-tokenctl",
    *(f"usr/local/share/man/man{page.suffix[1:]}/{page.name}" for page in MANUALS),
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
    file = ROOT / "etc/completions/iqrf-trio.bash"
    assert completed(file, "") == {*COMMANDS, "--help", "--version"}
    manual = (ROOT / "etc/man/iqrf-trio.1").read_text()
    for name in COMMANDS:
        assert f".B {name}\n" in manual, name
    own = {page.name for page in MANUALS if page.name.startswith("iqrf-trio-")}
    assert own == {f"iqrf-trio-{name}.1" for name in COMMANDS if name != "token"}
    subprocess.run(["bash", "-n", file], check=True)


@pytest.mark.skipif(shutil.which("man") is None, reason="no man here")
@pytest.mark.parametrize("page", MANUALS, ids=lambda page: page.name)
def test_a_manual_page_is_set_without_a_warning(page: Path) -> None:
    done = subprocess.run(
        ["man", "--warnings", "--encoding=utf8", "--local-file", page],
        env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "NAME" in done.stdout


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


def test_the_shell_completes_actions_and_values(tmp_path: Path) -> None:
    file = ROOT / "etc/completions/iqrf-trio.bash"
    assert completed(file, "task", "") >= {"list", "show", "add", "remove", "run"}
    assert completed(file, "task", "add", "--c") == {"--ca", "--cron"}
    assert completed(file, "switch", "5", "0", "o") == {"on", "off"}
    assert completed(file, "token", "create", "--scope", "") == {"read", "control", "manage"}
    assert completed(file, "simulate", "--pty", "") == {"uart", "cdc"}
    assert completed(file, "call", "iqrfDb_GetDevices", "iqrfDb_") == set()
    assert completed(file, "call", "iqrfDb_GetDev") == {
        "iqrfDb_GetDevice",
        "iqrfDb_GetDeviceMetadata",
        "iqrfDb_GetDevices",
    }


def test_the_token_tool_is_completed_under_its_old_name() -> None:
    file = ROOT / "etc/completions/iqrf-trio.bash"
    script = f"source {file}; COMP_WORDS=(iqrfgd2-tokenctl cr); COMP_CWORD=1; _iqrfgd2_tokenctl"
    done = subprocess.run(
        ["bash", "-c", f"{script}; echo ${{COMPREPLY[@]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["create"]


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
    "usr/bin/iqrf-trio",
    "usr/bin/iqrfgd2-tokenctl",
    "usr/lib/systemd/system/iqrf-trio.service",
    "usr/lib/sysusers.d/iqrf-trio.conf",
    "usr/lib/tmpfiles.d/iqrf-trio.conf",
    "usr/lib/udev/rules.d/60-iqrf-trio.rules",
    "usr/share/bash-completion/completions/iqrf-trio",
    "usr/share/bash-completion/completions/iqrfgd2-tokenctl",
    "usr/share/lintian/overrides/iqrf-trio",
    *(
        f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
        for page in (ROOT / "etc/man").iterdir()
    ),
}
"""Everything in the package outside its libraries and its documents."""


@pytest.fixture(scope="module")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that takes all libraries from the distribution."""
    directory = tmp_path_factory.mktemp("deb")
    local = {"WHEEL": wheel, "BUILD_PYTHON": sys.executable, "BUNDLE": "no"}
    return Path(make("deb", "", **local, DIST=directory).split()[-1])


def test_the_package_has_its_files_where_debian_expects_them(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    files = tree(tmp_path)
    documents = {name for name in files if name.startswith("usr/share/doc/iqrf-trio/")}
    libraries = {name for name in files if name.startswith("usr/lib/iqrf-trio/")}
    assert set(files) - documents - libraries == DEB
    assert "usr/lib/iqrf-trio/iqrf_trio/__main__.py" in libraries
    for name in ("copyright", "changelog.gz", "README.md.gz", "examples/simulated-network.toml"):
        assert f"usr/share/doc/iqrf-trio/{name}" in documents
    control = subprocess.run(
        ["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True
    ).stdout
    for demand in ("python3-trio (>= 0.24)", "python3-attr (>= 23.1)", "python3-spidev (>= 3.6)"):
        assert demand in control


@pytest.mark.skipif(shutil.which("lintian") is None, reason="no lintian here")
def test_lintian_finds_no_error_in_the_package(package: Path) -> None:
    done = subprocess.run(
        ["lintian", "--fail-on", "error,warning", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_package_installs_updates_runs_and_goes(package: Path) -> None:
    done = subprocess.run(
        [ROOT / "packaging/check-package.sh", package],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "goes without a trace" in done.stdout


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
