"""The configuration on the command line: the options that change it, the command that shows it."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from iqrf_trio import config
from iqrf_trio.cli import USAGE, Failure

HELP = """Print the effective configuration, with the origin of each value. The options are those
of `run`, so that it shows what `run` would use."""

SIMULATED_STATE = ".run"
"""Where a simulated gateway keeps its database unless another place is named."""

_SIMULATED = (config.Given("gateway.state_dir", SIMULATED_STATE, "--simulate"),)
"""What holds in place of the installed service's file, so that nothing of it is touched."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument(
        "--default", action="store_true", help="print a commented file with the defaults instead"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object: each key with value and origin"
    )
    add_options(parser)


def add_file_option(parser: argparse.ArgumentParser) -> None:
    """The option that names the configuration."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        type=Path,
        help=f"the configuration (default: {config.DEFAULT_FILE}, if it exists)",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that name or change the configuration."""
    add_file_option(parser)
    parser.add_argument(
        "--simulate",
        action="store_true",
        help=f"use a simulated mesh; without -c, no file of the installed service, and the "
        f"database is in {SIMULATED_STATE}",
    )
    parser.add_argument("--port", metavar="N", help="the plain WebSocket port; 0 = any free one")
    parser.add_argument("--state-dir", metavar="DIR", help="where the database is")
    parser.add_argument("--mqtt", metavar="URL", help="a broker, e.g. mqtt://127.0.0.1:1883")
    parser.add_argument("--log-level", metavar="L", help="debug, info, warning or error")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="any key of the configuration, e.g. simulator.nodes=50; may be repeated",
    )


def load(arguments: argparse.Namespace) -> config.Config:
    """The configuration that the options mean; raises Failure for one that cannot be."""
    try:
        return reload(arguments)
    except config.ConfigError as error:
        raise Failure(str(error), exit_code=USAGE) from None


def reload(arguments: argparse.Namespace) -> config.Config:
    """The same as often as it is wanted; raises ConfigError."""
    return config.load(
        arguments.config,
        arguments.set,
        options=_given(arguments),
        usual=_SIMULATED if arguments.simulate else (),
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    if arguments.default:
        print(config.default_file(), end="")
    elif arguments.json:
        values = config.explained(load(arguments))
        told = {key: {"value": value, "origin": origin} for key, value, origin in values}
        print(json.dumps(told, indent=2, default=str))
    else:
        print(config.describe(load(arguments)), end="")
    return 0


def _given(arguments: argparse.Namespace) -> Iterator[config.Given]:
    """What the short options say about which key."""
    if arguments.simulate:
        yield config.Given("port.kind", "simulator", "--simulate")
    if arguments.port is not None:
        yield config.Given("websocket.port", config.meant(arguments.port), "--port")
    if arguments.state_dir is not None:
        yield config.Given("gateway.state_dir", arguments.state_dir, "--state-dir")
    if arguments.mqtt is not None:
        yield config.Given("mqtt.url", arguments.mqtt, "--mqtt")
    if arguments.log_level is not None:
        yield config.Given("log.level", arguments.log_level, "--log-level")
