"""A certificate of one's own for a gateway: `iqrf-trio tls create`."""

import argparse
import os
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support.rendering import pretty
from iqrf_trio.edges.tcp.self_signed import MAX_DAYS, NoCryptographyError, self_signed

HELP = """Make a certificate that nobody has signed, with its private key, for clients on a network
of your own: they trust it with --ca, and browsers after a warning. It needs the extra [vault]."""

CERTIFICATE, KEY = "cert.pem", "key.pem"


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("what", choices=("create",))
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="host names and IP addresses by which clients reach the gateway (default: the name of "
        "this machine, also with .local)",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, default=Path(), help="where to put the two files"
    )
    parser.add_argument("--days", metavar="N", type=_days, default=3650, help="(default: 3650)")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    here = socket.gethostname()
    names = arguments.names or [here, f"{here}.local", "localhost", "127.0.0.1"]
    # Clocks differ: a client whose clock is a little behind has to trust it at once.
    begins_at = datetime.now(UTC) - timedelta(days=1)
    try:
        made = self_signed(names, begins_at, arguments.days)
    except NoCryptographyError:
        cause = "the library cryptography is not installed"
        fix = "install the extra: pip install 'iqrf-trio[vault]'; or see docs/tokens-and-tls.md"
        raise Failure(cause, fix) from None
    except ValueError as error:
        raise Failure(f"no certificate for {', '.join(names)}: {error}", exit_code=USAGE) from None
    folder = arguments.output
    files = ((folder / KEY, made.key, 0o600), (folder / CERTIFICATE, made.certificate, 0o644))
    if not arguments.force:
        for file, _, _ in files:
            if file.exists():
                raise Failure(f"{file} is there already", "--force replaces it", exit_code=USAGE)
    try:
        for file, data, mode in files:
            _write(file, data, mode)
    except OSError as error:
        raise Failure(f"cannot write in {folder}: {error.strerror}") from None
    if arguments.json:
        told = {"certificate": str(folder / CERTIFICATE), "private_key": str(folder / KEY)}
        print(pretty(told | {"names": names, "fingerprint": made.fingerprint}))
        return 0
    print(f"{folder / CERTIFICATE} and {folder / KEY}, for {', '.join(names)}")
    print(f"SHA-256 fingerprint: {made.fingerprint}")
    hint = "the service's user has to read the key: sudo chown iqrf-trio:"
    print(f"In [websocket]: certificate, private_key; {hint} {folder / KEY}", file=sys.stderr)
    return 0


def _write(file: Path, data: bytes, mode: int) -> None:
    """Put a file in place, at no moment readable by more than `mode` says."""
    scratch = file.with_name(f".{file.name}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as written:  # noqa: PTH123 - for its mode
        os.fchmod(descriptor, mode)
        written.write(data)
    scratch.replace(file)


def _days(text: str) -> int:
    days = int(text) if text.isdecimal() else 0
    if not 0 < days <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {MAX_DAYS}")
    return days
