"""DPA frames in the field's terms: from a trace, from the command line, from recordings."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iqrf_trio.cli import FAILED, Failure
from protocol.dpa.describe import describe
from protocol.dpa.keys import MASK, key_positions, shown
from protocol.dpa.replay import records, replay
from protocol.errors import RemoteProtocolError

HELP = """Print DPA frames with peripheral, command and fields. Each word is a frame in
hexadecimal (00.00.02.00.ff.ff), or a file that port.trace has written. Keys of the network are
printed as asterisks."""

_ARROWS = {"out": ">", "in": "<"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("words", metavar="FRAME|FILE", nargs="*", default=[])
    what.add_argument(
        "--captures",
        metavar="FILE",
        type=Path,
        help="check a table of recorded transactions against this program, and report",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object for each frame")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    if arguments.captures is not None:
        return _check(arguments.captures)
    for word in arguments.words:
        for told in _told(word):
            print(json.dumps(told) if arguments.json else _line(**told))
    return 0


def _line(text: str, time: str = "", direction: str = "", frame: str = "") -> str:
    return f"{time} {_ARROWS[direction]} {text}" if time else text


def _told(word: str) -> Iterator[dict[str, str]]:
    """Each frame that a word of the command line means, with what it says."""
    frame = _frame(word)
    if frame is not None:
        masked = key_positions(frame)
        yield {"frame": shown(frame, masked), "text": _described(frame, masked)}
        return
    for number, text in enumerate(_text(Path(word)).splitlines(), 1):
        try:
            entry: Any = json.loads(text)
            frame, masked = _traced(entry["frame"])
            head = {"time": str(entry["time"]), "direction": str(entry["direction"])}
            if head["direction"] not in _ARROWS:
                raise ValueError(head["direction"])
        except (ValueError, TypeError, KeyError, AttributeError):
            cause = f"{word}, line {number} is no line of a trace"
            raise Failure(cause, "name a file that port.trace has written") from None
        masked |= key_positions(frame)
        yield head | {"frame": shown(frame, masked), "text": _described(frame, masked)}


def _traced(text: str) -> tuple[bytes, frozenset[int]]:
    """A frame as a trace has it, and where bytes of it are left out."""
    masked = [at for at, byte in enumerate(text.split(".")) if byte == MASK]
    return bytes.fromhex(text.replace(MASK, "00").replace(".", "")), frozenset(masked)


def _described(frame: bytes, masked: frozenset[int]) -> str:
    try:
        return describe(frame, masked)
    except RemoteProtocolError as error:
        return f"no DPA: {shown(frame, masked)} ({error})"


def _frame(word: str) -> bytes | None:
    """The bytes of a word in hexadecimal, None if it is something else."""
    try:
        return bytes.fromhex(word.replace(".", " ").replace(":", " "))
    except ValueError:
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", "name a frame or a file") from None
    except UnicodeDecodeError:
        raise Failure(f"{file} is no text", "name a frame or a file") from None


def _check(file: Path) -> int:
    try:
        verdicts = [replay(recorded) for recorded in records(_text(file).splitlines())]
    except ValueError as error:
        raise Failure(f"{file} is no table of recordings: {error}") from None
    bad = [verdict for verdict in verdicts if verdict.faults]
    for verdict in bad:
        print(f"{verdict.recorded.name}: {'; '.join(verdict.faults)}")
    late = sum(verdict.patience for verdict in verdicts if not verdict.faults)
    print(
        f"{len(verdicts)} transactions: {len(verdicts) - len(bad)} as recorded "
        f"({late} of them only with a timeout of the client's own), {len(bad)} not"
    )
    if early := sum(verdict.early for verdict in verdicts):
        print(f"{early} of them were answered sooner than any node can answer")
    return FAILED if bad else 0
