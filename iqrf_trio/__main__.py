"""The words of the command line: which command they are for, and how its failures end."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from iqrf_trio import __version__
from iqrf_trio.cli import COMMANDS, FAILED, USAGE, Failure, causes

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells count it: 128 + SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal can write µg/m³
    try:
        exit_code = _run(words)
        sys.stdout.flush()  # here, where a reader that has left is no surprise
        return exit_code
    except SystemExit as error:  # how argparse ends --help and what it does not understand
        return error.code if isinstance(error.code, int) else FAILED
    except BaseException as error:
        return _exit_code(error)


def tokenctl() -> int:
    """The token tool under the name that scripts know, `iqrfgd2-tokenctl`."""
    exit_code: int = import_module("iqrf_trio.cli.token").tokenctl()
    return exit_code


def _run(words: Sequence[str]) -> int:
    parser = _Parser(
        prog="iqrf-trio", description="An IQRF gateway: radio mesh to JSON over WebSocket."
    )
    parser.add_argument("--version", action="version", version=f"iqrf-trio {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    asked = words[0] if words else ""
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, allow_abbrev=False)
        if name == asked:
            module = import_module(f"iqrf_trio.cli.{name.replace('-', '_')}")
            command.description = module.HELP
            module.configure(command)
    arguments = parser.parse_args(words)
    if arguments.command is None:
        parser.print_help()
        return USAGE
    exit_code: int = module.run(arguments)
    return exit_code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say it in one line."""
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def _exit_code(error: BaseException) -> int:
    """Tell the user what was expected to go wrong; what was not is raised again."""
    found = list(causes(error))
    if all(isinstance(cause, KeyboardInterrupt) for cause in found):
        return INTERRUPTED
    if any(isinstance(cause, BrokenPipeError) for cause in found):
        # Whoever read our output has left; Python would complain when it flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    failures = [cause for cause in found if isinstance(cause, Failure)]
    if len(failures) < len(found):
        raise error
    for failure in failures:
        sys.stderr.write(f"iqrf-trio: {failure}\n")
    return max(failure.exit_code for failure in failures)


if __name__ == "__main__":
    sys.exit(main())
