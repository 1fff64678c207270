"""`iqrf-trio network`: who is in the network, who enters and leaves it, how its devices are set."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from iqrf_trio.cli import FAILED, USAGE, Failure
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options
from iqrf_trio.cli.support.conversation import converse
from iqrf_trio.cli.support.node_list import COLUMNS, read_nodes
from protocol.api import document
from protocol.api.commission import COMMISSION_NETWORK
from protocol.api.errors import NotJsonError
from protocol.api.health_report import HEALTH_REPORT
from protocol.api.iqmesh.settings import WriteTrConf
from protocol.api.replace_node import REPLACE_NODE
from protocol.api.undo_bonds import UNDO_BONDS
from protocol.dpa.packet import BROADCAST, MAX_NODE
from protocol.strict.shape import members_of

HELP = """Look after the nodes of a gateway that runs. What takes long shows its progress on a
terminal; Ctrl-C does not take back what the gateway has begun. The exit code is 0 if all went
well."""

SETTINGS = tuple(each.name for each in members_of(WriteTrConf) if each.name != "deviceAddr")
"""What `config` can set; the device is a word of its own."""

Asked = tuple[str, dict[str, Any] | None]
"""Name of the message, without iqmeshNetwork_ where it begins so, and its `req`, if it has one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, about, make in (
        ("ping", "which nodes answer", _ping),
        ("health", "how well the nodes are heard, the worst first", _health),
        ("restart", "start the nodes anew", _restart),
        ("bond", "let the node in whose button is pressed", _bond),
        ("smart-connect", "let the node in on which this code is printed", _smart_connect),
        ("commission", "let the nodes of a list in, each to its address", _commission),
        ("replace", "put another module in the place of a broken node", _replace),
        ("remove", "let a node leave, or all", _remove),
        ("undo", "take back the last change of bonds", _undo),
        ("config", "show how a device is set, or set it", _config),
    ):
        action = actions.add_parser(name, help=about, description=about)
        ask = make(action)
        action.add_argument("--json", action="store_true", help="print the messages as they come")
        add_options(action)
        action.set_defaults(ask=ask)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    name, req = arguments.ask(arguments)
    mtype = name if "_" in name else f"iqmeshNetwork_{name}"
    dry_run = getattr(arguments, "dry_run", False)
    work = partial(
        converse,
        arguments,
        mtype,
        req,
        raw=arguments.json,
        dry_run=dry_run,
        in_part=partial(_in_part, name),
    )
    return 0 if interruption.run(work) else FAILED


def _in_part(name: str, rsp: Any) -> bool:
    """Whether a change was not made at all nodes, though the published status is 0."""
    if not isinstance(rsp, dict):
        return False
    return (
        bool(rsp.get("removeBondFailedNodes"))
        or rsp.get("writeSuccess") is False
        or (name == "Restart" and bool(rsp.get("inaccessibleNodesNr")))
    )


Ask = Callable[[argparse.Namespace], Asked]


def _ping(parser: argparse.ArgumentParser) -> Ask:
    _add_hwpid(parser)
    return lambda arguments: ("Ping", {"hwpId": arguments.hwpid})


def _health(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument("--rounds", type=_number, default=5, help="how often each is asked (5)")
    return lambda arguments: (HEALTH_REPORT.mtype, {"rounds": arguments.rounds})


def _restart(parser: argparse.ArgumentParser) -> Ask:
    _add_hwpid(parser)
    return lambda arguments: ("Restart", {"hwpId": arguments.hwpid})


def _bond(parser: argparse.ArgumentParser) -> Ask:
    _add_new_address(parser)
    return lambda arguments: ("BondNodeLocal", {"deviceAddr": arguments.address})


def _smart_connect(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument("code", metavar="CODE", help="the IQRF code")
    _add_new_address(parser)
    return lambda arguments: (
        "SmartConnect",
        {"deviceAddr": arguments.address, "smartConnectCode": arguments.code},
    )


def _commission(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument(
        "file",
        metavar="FILE.csv",
        type=Path,
        nargs="?",
        help=f"the list: its first line names the columns, any of {', '.join(COLUMNS)}",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only tell who is within reach, and which address each would get",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the list that was not finished"
    )
    return _commissioning


def _commissioning(arguments: argparse.Namespace) -> Asked:
    if arguments.file is None and not arguments.resume:
        raise Failure("there is no list: name a file, or --resume the last one", exit_code=USAGE)
    nodes = [] if arguments.file is None else read_nodes(arguments.file)
    return COMMISSION_NETWORK.mtype, {"nodes": nodes, "resume": arguments.resume}


def _replace(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument("address", metavar="ADDRESS", type=_node, help="of the broken node")
    module = parser.add_mutually_exclusive_group(required=True)
    module.add_argument("--code", help="the IQRF code of the new module")
    module.add_argument("--mid", help="its MID in hexadecimal digits, where there is no code")
    parser.add_argument(
        "--no-config", action="store_true", help="leave the configuration of the new module alone"
    )
    return _replacement


def _replacement(arguments: argparse.Namespace) -> Asked:
    module = {"smartConnectCode": arguments.code} if arguments.code else {"mid": arguments.mid}
    return REPLACE_NODE.mtype, {
        "address": arguments.address,
        **module,
        "restoreConfig": not arguments.no_config,
    }


def _remove(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument("node", metavar="NODE", type=_node_or_all, help="its address, or all")
    parser.add_argument(
        "--only-coordinator",
        action="store_true",
        help="let the coordinator forget it, for a node that is not there any more",
    )
    return _removal


def _removal(arguments: argparse.Namespace) -> Asked:
    everybody = arguments.node == BROADCAST
    if arguments.only_coordinator:
        addresses = [] if everybody else [arguments.node]
        return "RemoveBondOnlyInC", {"deviceAddr": addresses, "clearAllBonds": everybody}
    return "RemoveBond", {"deviceAddr": arguments.node}


def _undo(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument("--dry-run", action="store_true", help="only tell what that would do")
    return lambda _arguments: (UNDO_BONDS.mtype, None)


def _config(parser: argparse.ArgumentParser) -> Ask:
    parser.add_argument(
        "device", metavar="DEVICE", type=_device_or_all, help="its address, 0 for the coordinator"
    )
    parser.add_argument(
        "settings",
        metavar="KEY=VALUE",
        nargs="*",
        help="what to set, as iqmeshNetwork_WriteTrConf has it: txPower=6; then DEVICE can be all",
    )
    return _configuration


def _configuration(arguments: argparse.Namespace) -> Asked:
    req: dict[str, Any] = {"deviceAddr": arguments.device}
    if arguments.settings:
        return "WriteTrConf", req | _settings(arguments.settings)
    if arguments.device == BROADCAST:
        raise Failure("the configuration is read of one device", exit_code=USAGE)
    return "ReadTrConf", req


def _settings(texts: list[str]) -> dict[str, Any]:
    """What to set, by names that there are: the gateway passes over members it does not know."""
    settings = dict[str, Any]()
    for key, value in map(_setting, texts):
        if key not in SETTINGS:
            known = ", ".join(SETTINGS)
            raise Failure(f"there is no setting {key!r}, but {known}", exit_code=USAGE)
        if key in settings:
            raise Failure(f"{key} stands twice", exit_code=USAGE)
        settings[key] = value
    return settings


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise Failure(f"{text!r} is no KEY=VALUE", exit_code=USAGE)
    try:
        read = document.read(value)
    except NotJsonError:
        return key, value
    return key, value if read.problem else read.value


def _add_hwpid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hwpid", type=_number, default=0xFFFF, help="only nodes with this hardware profile"
    )


def _add_new_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--address", type=_number, default=0, help="for the node (default: the lowest free)"
    )


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError("it is no number") from None


def _node_or_all(text: str) -> int:
    if text == "all":
        return BROADCAST
    address = _number(text)
    if not 1 <= address <= MAX_NODE:
        raise argparse.ArgumentTypeError(f"it is neither 1..{MAX_NODE} nor all")
    return address


def _node(text: str) -> int:
    address = _number(text)
    if not 1 <= address <= MAX_NODE:
        raise argparse.ArgumentTypeError(f"it is not in 1..{MAX_NODE}")
    return address


def _device_or_all(text: str) -> int:
    return 0 if text == "0" else _node_or_all(text)
