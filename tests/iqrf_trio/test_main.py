"""The command line as a whole: what it offers, what it imports, how failures end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from iqrf_trio import __main__, __version__
from iqrf_trio.__main__ import main
from iqrf_trio.cli import COMMANDS, Failure
from iqrf_trio.config import FILE_VARIABLE

ROOT = Path(__file__).parents[2]


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"iqrf-trio {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^    {name}\b", shown, re.MULTILINE) for name in COMMANDS)


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out = capsys.readouterr().out
    assert "commands:" in out
    assert out.endswith("To see it at work: iqrf-trio demo\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["rnu"], "iqrf-trio: there is no command 'rnu'; did you mean run?; see"),
        (["docter"], "iqrf-trio: there is no command 'docter'; did you mean doctor?; see"),
        (["xyz"], "iqrf-trio: there is no command 'xyz'; see"),
        (["--simulate"], "iqrf-trio: "),
        (["config", "--defaul"], "iqrf-trio: unrecognized arguments: --defaul"),
        (
            ["call", "--state-dir", "x", "y", "{}"],
            "iqrf-trio call: unrecognized arguments: --state",
        ),
        (["network", "--bad", "1", "ping"], "iqrf-trio network: unrecognized arguments: --bad"),
        (["network", "pong", "--bad", "1"], "iqrf-trio network: argument ACTION: invalid choice"),
        (["call"], "iqrf-trio call: the following arguments are required: MTYPE"),
    ],
)
def test_usage_errors_are_one_line(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(error)
    assert err.endswith("--help\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_a_module_with_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(f"iqrf_trio.cli.{name.replace('-', '_')}")
    assert module.HELP
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from iqrf_trio.__main__ import main; main(['--help']);"
        "sys.exit(bool({'trio', 'cattrs', 'sqlite3'} & set(sys.modules)))"
    )
    assert python("-c", code).returncode == 0


def test_the_package_is_a_command() -> None:
    finished = python("-m", "iqrf_trio", "config", "--set", "x")
    assert finished.returncode == 2
    assert finished.stderr == "iqrf-trio: --set: x has no value; write --set x=VALUE\n"


def test_the_token_tool_has_its_old_name() -> None:
    code = "import sys; from iqrf_trio.__main__ import tokenctl; sys.exit(tokenctl())"
    finished = python("-c", code, "no-such-command")
    assert finished.returncode == 2
    assert finished.stderr.startswith("Unknown or unsupported command")


def test_units_can_be_printed_on_any_terminal() -> None:
    code = (
        "import sys; sys.stdout.reconfigure(encoding='ascii');"
        "from iqrf_trio.__main__ import main; main(['--version']); print('µg/m³')"
    )
    finished = python("-c", code)
    assert finished.stdout.endswith("\\xb5g/m\\xb3\n")


def test_whoever_reads_our_output_may_leave() -> None:
    command = f"{sys.executable} -m iqrf_trio config --default | true"
    finished = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert finished.stderr == ""


@pytest.mark.parametrize("words", [["config"], ["config", "--default"]])
def test_a_full_disk_is_said_in_one_line(words: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - to be given on
        finished = subprocess.run(
            [sys.executable, "-m", "iqrf_trio", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert finished.returncode == 1
    assert finished.stderr == (
        "iqrf-trio: cannot write: No space left on device; make room there\n"
    )


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    """The directory of an installed service as an ordinary user finds it: nobody may look."""
    directory = tmp_path / "etc"
    directory.mkdir(mode=0)
    yield directory
    directory.chmod(0o700)


WITHOUT_PRIVILEGES = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what opens root every file
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: from the next program on
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


def as_ordinary_user(directory: Path, words: list[str], tool: str = "main") -> Any:
    """What a command does for somebody who may not read the service's configuration."""
    code = (
        "import sys; from pathlib import Path; from iqrf_trio import __main__ as it;"
        "from iqrf_trio.config import reading;"
        f"reading.DEFAULT_FILE = Path({str(directory / 'iqrf-trio.toml')!r});"
        f"sys.argv[1:] = {words!r}; sys.exit(it.{tool}())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop(FILE_VARIABLE, None)
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_PRIVILEGES, code],
        capture_output=True,
        text=True,
        cwd="/",
        env=environment,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["config"], 2),
        (["run"], 2),
        (["doctor", "--no-module"], 2),
        (["token", "list"], 1),
        (["backup"], 2),
        (["vault", "list"], 2),
        (["db", "import", "x"], 2),
    ],
)
def test_a_file_that_may_not_be_read_is_one_line_with_the_fix(
    forbidden: Path, words: list[str], code: int
) -> None:
    finished = as_ordinary_user(forbidden, words)
    said = finished.stderr + finished.stdout
    assert f"{forbidden / 'iqrf-trio.toml'}: Permission denied; run this with sudo, or" in said
    assert "Traceback" not in said
    assert said.count("\n") == (2 if words[0] == "doctor" else 1)
    assert finished.returncode == code


def test_directories_that_may_not_be_read_are_one_line_with_the_fix(forbidden: Path) -> None:
    # An output of its own: the usual one may be an installed service's.
    words = ["import-incumbent", str(forbidden), "--output", "/nowhere/iqrf-trio.toml"]
    finished = as_ordinary_user(forbidden, words)
    assert finished.returncode == 1
    assert finished.stderr == (
        f"iqrf-trio: {forbidden / 'config.json'}: Permission denied; run this with sudo, or name "
        "a place that this user may use\n"
    )


def test_a_simulated_gateway_reads_nothing_of_the_installed_service(forbidden: Path) -> None:
    finished = as_ordinary_user(forbidden, ["config", "--simulate"])
    assert finished.returncode == 0, finished.stderr
    assert 'state_dir = ".run"                     # --simulate' in finished.stdout
    assert "/var/lib" not in finished.stdout
    named = as_ordinary_user(forbidden, ["config", "--simulate", "-c", "/dev/null"])
    assert 'state_dir = "/var/lib/iqrf-trio"       # default' in named.stdout


def test_the_token_tool_ends_as_the_others_do(forbidden: Path) -> None:
    denied = as_ordinary_user(forbidden, ["list"], "tokenctl")
    assert (denied.returncode, denied.stderr.count("\n")) == (1, 1)
    code = "import sys; from iqrf_trio.__main__ import tokenctl; sys.exit(tokenctl())"
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - to be given on
        finished = subprocess.run(
            [sys.executable, "-c", code, "help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert (finished.returncode, finished.stderr) == (
        1,
        "iqrfgd2-tokenctl: cannot write: No space left on device; make room there\n",
    )
    for closed in ("| true", ">&-", "2>&-"):
        command = f"{sys.executable} -c '{code}' help {closed}"
        finished = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert finished.stderr == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    command = f"{sys.executable} -m iqrf_trio config --default {closed}"
    finished = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_ctrl_c_during_an_import_just_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        __main__, "import_module", lambda name: seen.append(signal.getsignal(signal.SIGINT))
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(AttributeError):
            __main__._run(["config"])  # there is no module behind it
        assert seen == [signal.SIG_DFL]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with pytest.raises(AttributeError):
            __main__._run(["config"])
        assert seen == [signal.SIG_DFL, signal.SIG_IGN]
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Failure("no", "do"), 1, "iqrf-trio: no; do\n"),
        (Failure("no", exit_code=2), 2, "iqrf-trio: no\n"),
        (
            ExceptionGroup("", [Failure("a"), ExceptionGroup("", [Failure("b", exit_code=2)])]),
            2,
            "iqrf-trio: a\niqrf-trio: b\n",
        ),
        (KeyboardInterrupt(), 130, ""),
        (BaseExceptionGroup("", [KeyboardInterrupt(), KeyboardInterrupt()]), 130, ""),
    ],
)
def test_how_commands_end(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__._exit_code(error) == code
    assert capsys.readouterr().err == said


def test_what_nobody_expected_is_not_hidden() -> None:
    unexpected = ExceptionGroup("", [Failure("a"), ZeroDivisionError()])
    with pytest.raises(ExceptionGroup) as caught:
        __main__._exit_code(unexpected)
    assert caught.value is unexpected
