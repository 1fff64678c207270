"""The words of the command line: which command they are for, and how its failures end."""

import argparse
import errno
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import takewhile
from threading import current_thread, main_thread
from typing import NoReturn, TypeGuard

from iqrf_trio import __version__
from iqrf_trio.cli import COMMANDS, FAILED, USAGE, Failure, causes

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells count it: 128 + SIGINT."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when it cannot take what a command writes."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return _guarded(partial(_run, words))


def tokenctl() -> int:
    """The token tool under the name that scripts know, `iqrfgd2-tokenctl`."""

    def work() -> int:
        with _ctrl_c_just_ends():
            tool = import_module("iqrf_trio.cli.token")
        exit_code: int = tool.tokenctl()
        return exit_code

    return _guarded(work, "iqrfgd2-tokenctl")


def _guarded(work: Callable[[], int], program: str = "iqrf-trio") -> int:
    """The exit code that `work` gives, or that its failure means, which is told in one line."""
    _settle_streams()
    try:
        exit_code = work()
        sys.stdout.flush()  # here, where a reader that has left is no surprise
        return exit_code
    except SystemExit as error:  # how argparse ends --help and what it does not understand
        return error.code if isinstance(error.code, int) else FAILED
    except BaseException as error:
        return _exit_code(error, program)


def _settle_streams() -> None:
    """Have stdout and stderr take whatever is printed, also where a shell has closed them."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal can write µg/m³


@contextmanager
def _ctrl_c_just_ends() -> Iterator[None]:
    """Let Ctrl-C end the process while it imports: some libraries crash when it interrupts them."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or current_thread() is not main_thread():
        yield  # whoever started us has decided
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _few_full_collections() -> Iterator[None]:
    """Let garbage that is old alone within the block: modules that are imported stay, and to look
    through all of them again and again takes a tenth of the time."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 100 * old)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


def _run(words: Sequence[str]) -> int:
    parser = _Parser(
        prog="iqrf-trio",
        description="An IQRF gateway: radio mesh to JSON over WebSocket.",
        epilog="Each tells more with --help. To see it at work: iqrf-trio demo",
    )
    parser.add_argument("--version", action="version", version=f"iqrf-trio {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    asked = words[0] if words else ""
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, allow_abbrev=False, conflict_handler="resolve"
        )
        if name == asked:
            with _ctrl_c_just_ends(), _few_full_collections():
                module = import_module(f"iqrf_trio.cli.{name.replace('-', '_')}")
            command.description = module.HELP
            module.configure(command)
    if asked and not asked.startswith("-") and asked not in COMMANDS:
        parser.error(f"there is no command {asked!r}{_suggestion(asked)}")
    arguments = parser.parse_args(words)
    if arguments.command is None:
        parser.print_help()
        return USAGE
    exit_code: int = module.run(arguments)
    return exit_code


def _suggestion(word: str) -> str:
    """The command that a mistyped word may mean."""
    from difflib import get_close_matches  # noqa: PLC0415 - nobody else needs it

    like = get_close_matches(word.lower(), COMMANDS, n=1)
    return f"; did you mean {like[0]}?" if like else ""


class _Parser(argparse.ArgumentParser):
    _unknown: str | None = None
    """An option that there is not."""

    def parse_known_args(  # type: ignore[override] # the overloads differ in the namespace only
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Note an option that there is not, before its value is taken for the next argument."""
        words = list(args or ())
        if self._subparsers is not None:  # what follows the first word is for the parser it names
            words = list(takewhile(lambda word: word.startswith("--"), words))
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        unknown = [name for name in options if name not in self._option_string_actions]
        self._unknown = next(iter(unknown), None)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say it in one line; an option that there is not is the cause of all that follows."""
        if self._unknown is not None:
            message = f"unrecognized arguments: {self._unknown}"
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def _exit_code(error: BaseException, program: str = "iqrf-trio") -> int:
    """Tell the user what was expected to go wrong; what was not is raised again."""
    found = list(causes(error))
    if all(isinstance(cause, KeyboardInterrupt) for cause in found):
        return INTERRUPTED
    if any(isinstance(cause, BrokenPipeError) for cause in found):
        _let_go()
        return FAILED
    if full := [cause for cause in found if _is_full(cause)]:
        _let_go()
        sys.stderr.write(f"{program}: cannot write: {full[0].strerror}; make room there\n")
        return FAILED
    failures = [_failure(cause) for cause in found]
    if None in failures:
        raise error
    told = [failure for failure in failures if failure is not None]
    for failure in told:
        sys.stderr.write(f"{program}: {failure}\n")
    return max(failure.exit_code for failure in told)


def _failure(error: BaseException) -> Failure | None:
    """What may go wrong on any machine; None for what is our fault."""
    if isinstance(error, PermissionError) and error.filename is not None:
        cause = f"{error.filename}: {error.strerror}"
        return Failure(cause, "run this with sudo, or name a place that this user may use")
    return error if isinstance(error, Failure) else None


def _is_full(error: BaseException) -> TypeGuard[OSError]:
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def _let_go() -> None:
    """Drop what a stream does not take: Python would complain when it flushes it in the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
