"""The daemon from the command line."""

import argparse
import errno
import gc
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import trio
from attrs import frozen

from iqrf_trio import daemon
from iqrf_trio.cli import USAGE, Failure, causes, config
from iqrf_trio.cli.support import local_token
from iqrf_trio.cli.support.access import DEFAULT_URL, TOKEN_FILE
from iqrf_trio.cli.support.persistence import persistently
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.config import Config, ConfigError
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp.listeners import ListenError
from iqrf_trio.edges.tcp.tls import TlsError
from iqrf_trio.simulator.files.errors import NetworkFileError
from iqrf_trio.store import DATABASE_NAME, StoreError
from iqrf_trio.wiring import reloading
from iqrf_trio.wiring.serving import Running

HELP = """Run the gateway until SIGINT or SIGTERM. Once clients can connect it logs one line,
`ready: ws://HOST:PORT`, on stderr."""

FIRST_REQUEST = ("iqrfDb_Enumerate", '{"standards": true}')
"""What to try first: it shows the whole way to the radio and back."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    config.add_options(parser)
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="have a token of this gateway in FILE, and say how to use it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    loaded = config.load(arguments)
    give_up_root(loaded.gateway.state_dir)
    reloading.start_log(loaded.log)
    try:
        trio.run(partial(_run, loaded, arguments))
    except* (ConfigError, ListenError, NetworkFileError, StoreError, TlsError) as group:
        raise _failure(next(causes(group))) from None
    return 0


async def _run(loaded: Config, arguments: argparse.Namespace) -> None:
    token_file: Path | None = arguments.token_file
    database = loaded.gateway.state_dir / DATABASE_NAME
    new_token: str | None = None
    notifier, served = Notifier.of(), False

    async def keep_token() -> None:
        nonlocal new_token
        if token_file is not None:
            # Before "ready" is said: scripts wait for that, and then read the file.
            keep = partial(local_token.keep, database, token_file)
            new_token = await trio.to_thread.run_sync(keep, abandon_on_cancel=True)

    def ready(running: Running) -> None:
        nonlocal served
        served = True
        if token_file is not None:
            _introduce(running.url, new_token, token_file, loaded.websocket.certificate)
            if running.http_url:
                print(f"How it is, over HTTP: {running.http_url}/healthz")
                print(f"In a browser:\n{_link(running.http_url, token_file)}", flush=True)
        # What is there by now stays: a full collection need not look at it again, which would
        # keep every client waiting for some hundredths of a second.
        gc.collect()
        gc.freeze()

    start = partial(
        daemon.run,
        loaded,
        reload=partial(config.reload, arguments),
        notifier=notifier,
        prepare=keep_token,
        examine=_examine,
        task_status=_Ready(ready),
    )
    await persistently(start, notifier, served=lambda: served)


@frozen
class _Ready(trio.TaskStatus[Running]):
    """Calls a function when the gateway serves; one that is stopped before that never does."""

    _call: Callable[[Running], None]

    def started(self, value: Running | None = None) -> None:
        """The gateway serves."""
        assert value is not None
        self._call(value)


def _examine(loaded: Config) -> Sequence[Mapping[str, str]]:
    """What the doctor finds, without asking the module."""
    from iqrf_trio.doctor import Machine, examine  # noqa: PLC0415 - few ask, all would wait
    from iqrf_trio.doctor.findings import told  # noqa: PLC0415 - as above

    return list(map(told, examine(Machine(Path("/")), loaded, datetime.now(UTC))))


def _introduce(url: str, new_token: str | None, file: Path, certificate: str = "") -> None:
    """Tell the user what to type next, ready to be copied."""
    if new_token:
        print(f"API token, kept in {file}:\n{new_token}")
    options = [] if url == DEFAULT_URL else ["--url", url]
    options += ["--ca", certificate] if url.startswith("wss://") else []
    options += [] if file == TOKEN_FILE else ["--token-file", str(file)]
    command = shlex.join([*_program(), "call", *options, *FIRST_REQUEST])
    print(f"Try, in another terminal:\n{command}", flush=True)


def _link(http_url: str, token_file: Path) -> str:
    """The console of this gateway, signed in: the part behind # is never sent over the network."""
    return f"{http_url}/#key={quote(token_file.read_text('utf-8').strip())}"


def _program() -> list[str]:
    """How this program was started."""
    if Path(sys.argv[0]).name == "__main__.py":
        return [sys.executable, "-m", "iqrf_trio"]
    return [sys.argv[0]]


def _failure(error: BaseException) -> Failure:
    match error:
        case ConfigError():
            return Failure(str(error), exit_code=USAGE)
        case NetworkFileError():
            return Failure(str(error), "simulator.network names the file", exit_code=USAGE)
        case TlsError():
            fix = "see websocket.certificate and websocket.private_key"
            return Failure(str(error), fix, exit_code=USAGE)
        case ListenError():
            return Failure(str(error), _other_place(str(error)))
    return Failure(str(error))


def _other_place(cause: str) -> str:
    """What to do when nobody can listen there."""
    if os.strerror(errno.EACCES) in cause:
        return "only root may listen below 1024; choose another port with --port"
    if os.strerror(errno.EADDRINUSE) in cause:
        return "stop what listens there, or choose another with --port"
    return "websocket.host names an address of this machine"
