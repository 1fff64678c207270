"""The doctor on the command line: what is wrong on this machine, and what mends it."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson

from iqrf_trio import config, logs
from iqrf_trio.cli.config import add_file_option
from iqrf_trio.cli.support import interruption
from iqrf_trio.doctor import Finding, Machine, examine, examine_module
from iqrf_trio.doctor.broker import examine_broker
from iqrf_trio.doctor.findings import Severity, error, note, told
from iqrf_trio.doctor.gateway import examine_gateway
from iqrf_trio.simulator.files.errors import NetworkFileError
from iqrf_trio.wiring.ports import port_of

HELP = """Look for what keeps the gateway from working on this machine, and say what mends it. As
root it sees everything. The exit code is 0 when all is well, 1 with warnings, 2 with errors."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    add_file_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")
    parser.add_argument(
        "--no-module", action="store_true", help="leave the module alone, look at files only"
    )
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        help="look at the system below DIR, such as a mounted card, instead of the running one",
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code."""
    logs.start("error")
    findings = list(_findings(arguments))
    print(_json(findings) if arguments.json else "\n".join(map(_lines, findings)))
    return max(0, *(finding.severity for finding in findings))


def _findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    machine = Machine(arguments.root or Path("/"))
    file = arguments.config
    if arguments.root is not None and file is None:
        inside = machine.path(config.DEFAULT_FILE)
        file = inside if inside.exists() else Path("/dev/null")
    try:
        loaded = config.load(file, ())
    except config.ConfigError as failure:
        yield error("configuration", str(failure), "correct it; iqrf-trio config shows the rest")
        return
    findings = list(examine(machine, loaded, datetime.now(UTC)))
    if arguments.no_module or arguments.root is not None:
        yield from findings
        return
    gateway = interruption.run(partial(examine_gateway, loaded))
    if gateway[0].severity is Severity.OK:  # it is who listens on its port
        findings = [finding for finding in findings if finding.check != "port-free"]
    yield from findings
    yield from gateway
    if loaded.mqtt.broker is not None:
        yield interruption.run(partial(examine_broker, loaded))
    if gateway[0].severity is Severity.OK:
        yield note("module", "the gateway that runs has it to itself: see gateway-radio")
        return
    if any(
        finding.check == "device" and finding.severity is Severity.ERROR for finding in findings
    ):
        yield note("module", "it was not asked, as there is no device", "")
        return
    try:
        port = port_of(loaded)
    except config.ConfigError as failure:
        yield error("module", str(failure), "")
        return
    except NetworkFileError as failure:
        yield error("module", str(failure), "correct the file, or leave simulator.network empty")
        return
    yield interruption.run(partial(examine_module, machine, loaded, port))


def _lines(finding: Finding) -> str:
    first = f"{finding.severity.name.lower():7} {finding.check}: {finding.text}"
    return f"{first}\n{'':8}{finding.fix}" if finding.fix else first


def _json(findings: Sequence[Finding]) -> str:
    return orjson.dumps(list(map(told, findings)), option=orjson.OPT_INDENT_2).decode()
