"""Where a client command finds its gateway, its token and its trust: options, environment, file."""

import argparse
import os
import ssl
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support.client import Client, client
from iqrf_trio.edges.tcp.tls import TlsError, client_context

DEFAULT_URL = "ws://127.0.0.1:1338"

TOKEN_VARIABLE = "IQRF_TRIO_TOKEN"

TOKEN_FILE = Path(".run/token")
"""Where `make run` keeps its token; read where no other is given."""

_HOW = f"give one with --token, --token-file or {TOKEN_VARIABLE}"
_MAKE = "; `iqrf-trio token create` makes one"


def add_options(
    parser: argparse.ArgumentParser, *, found: str = "", url: str = DEFAULT_URL
) -> None:
    """The options of every command that talks to a gateway; `found` is how one is found else.

    `url` is where it is asked where nothing is said; its scheme, or that with TLS, is what counts.
    """
    default, told = (None, found) if found else (url, "%(default)s")
    scheme = urlsplit(url).scheme
    parser.add_argument(
        "--url", type=partial(_url, scheme), default=default, help=f"the gateway (default: {told})"
    )
    token = parser.add_mutually_exclusive_group()
    token.add_argument("--token", help="the API token; others can see it in the list of processes")
    token.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help=f"a file with the token (default: {TOKEN_VARIABLE}, then {TOKEN_FILE})",
    )
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument(
        "--ca",
        metavar="FILE",
        type=Path,
        help="of a wss:// gateway, trust the certificate in this PEM file, or who signed with it",
    )
    trust.add_argument(
        "--insecure",
        action="store_true",
        help="take a wss:// gateway for what it says it is; whoever is on the way gets the token",
    )


def gateway(
    arguments: argparse.Namespace, url: str | None = None
) -> AbstractAsyncContextManager[Client]:
    """The connection that the options ask for; `url` replaces theirs. Raises Failure."""
    url = url or str(arguments.url)
    return client(url, find_token(arguments), trust(arguments, url))


def keep_token(arguments: argparse.Namespace) -> None:
    """Read the token's file now, as long as this process may; raises Failure."""
    if arguments.token_file is not None:
        arguments.token, arguments.token_file = _read(arguments.token_file), None
    elif arguments.token is None and not os.environ.get(TOKEN_VARIABLE) and _is_there(TOKEN_FILE):
        arguments.token = _read(TOKEN_FILE)


def find_token(arguments: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str:
    """The token to use; raises Failure when there is none."""
    if arguments.token is not None:
        token = str(arguments.token).strip()
    elif arguments.token_file is not None:
        token = _read(arguments.token_file)
    elif token := environment.get(TOKEN_VARIABLE, "").strip():
        pass
    elif _is_there(TOKEN_FILE):
        token = _read(TOKEN_FILE)
    if not token:
        raise Failure("there is no API token", _HOW + _MAKE, exit_code=USAGE)
    return token


def _url(scheme: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {scheme, f"{scheme}s"} and parts.hostname and parts.port != 0
    except ValueError:  # a port beyond 65535, a bracket that is never closed
        good = False
    if not good:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no {scheme}://HOST:PORT or {scheme}s://HOST:PORT"
        )
    return text


def trust(arguments: argparse.Namespace, url: str) -> ssl.SSLContext | None:
    """Whom the options trust; None for whom the system trusts. Raises Failure."""
    if arguments.ca is None and not arguments.insecure:
        return None
    if url.startswith(("ws://", "http://")):
        # Whoever asks for this counts on TLS; the token must not go in clear text.
        option = "--insecure" if arguments.insecure else "--ca"
        cause = f"{option} is about certificates, and {url} is without TLS"
        secured = "wss" if url.startswith("ws") else "https"
        raise Failure(cause, f"use {secured}://, or leave {option} out", exit_code=USAGE)
    if arguments.insecure:
        warning = "warning: the gateway's certificate is not checked; --ca FILE would check it"
        print(warning, file=sys.stderr)
    try:
        return client_context(arguments.ca, verify=not arguments.insecure)
    except TlsError as error:
        raise Failure(str(error), "give --ca a PEM file", exit_code=USAGE) from None


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # a directory that nobody but root may look into
        return False


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Failure(f"cannot read the token in {file}: {reason}", _HOW, exit_code=USAGE) from None
