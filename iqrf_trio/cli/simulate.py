"""The simulated mesh alone, for any gateway to connect to."""

import argparse
from functools import partial
from pathlib import Path

import trio

from iqrf_trio import logs
from iqrf_trio.cli import USAGE, Failure, causes
from iqrf_trio.cli.support import interruption
from iqrf_trio.config import Config, ImpossibleValueError, Simulator
from iqrf_trio.simulator.files.errors import NetworkFileError
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.lines import LineKind
from iqrf_trio.simulator.serving.pty import SerialDevice
from iqrf_trio.simulator.serving.tcp import serve_tcp
from iqrf_trio.wiring.simulated import mesh_of
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import IqrfCode

HELP = """Run a simulated mesh until Ctrl-C. A gateway connects over TCP and exchanges bare DPA
messages, one per segment; or it opens a pseudo terminal as if a module were behind it."""

_HIGHEST_PORT = 65535


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    default = Simulator()
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--tcp",
        metavar="HOST:PORT",
        type=_address,
        default=("127.0.0.1", 10000),
        help="where to listen; port 0 = any free one (default: 127.0.0.1:10000)",
    )
    place.add_argument(
        "--pty",
        choices=[kind.value for kind in LineKind],
        help="be a serial device instead: a UART, or a USB device in CDC mode",
    )
    nodes = parser.add_mutually_exclusive_group()
    nodes.add_argument(
        "--nodes", metavar="N", type=int, default=default.nodes, help="a mesh of N nodes (12)"
    )
    nodes.add_argument("--network", metavar="FILE", type=Path, help="the mesh that FILE describes")
    parser.add_argument(
        "--speed",
        metavar="X",
        type=float,
        default=default.speed,
        help="1 = real air time, 10 = ten times faster, 0 = no waiting",
    )
    parser.add_argument(
        "--seed", metavar="S", type=int, default=default.seed, help="the same gives the same mesh"
    )
    parser.add_argument(
        "--loss",
        metavar="P",
        type=float,
        default=default.loss,
        help="probability that a node misses a frame, 0..1",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs until it is interrupted. Raises Failure."""
    logs.start("info")
    mesh = _mesh(arguments)
    if arguments.pty:
        return _run_device(SerialDevice(mesh, LineKind(arguments.pty), arguments.speed))
    host, port = arguments.tcp
    try:
        interruption.run(partial(_simulate, mesh, host, port, arguments.speed))
    except* KeyboardInterrupt:
        pass  # the way to end it
    except* OSError as group:
        reason = getattr(next(causes(group)), "strerror", None) or "it has no address"
        cause = f"cannot listen on {_name(host, port)}: {reason}"
        raise Failure(cause, "choose another with --tcp") from None
    return 0


def _run_device(device: SerialDevice) -> int:
    try:
        interruption.run(partial(_simulate_device, device))
    except* KeyboardInterrupt:
        pass  # the way to end it
    return 0


async def _simulate_device(device: SerialDevice) -> None:
    async with trio.open_nursery() as nursery:
        path = await nursery.start(device.run)
        print(f"A mesh is ready at {path}. A gateway for it:")
        print(
            f"iqrf-trio run --set port.kind={device.kind.value} --set port.device={path}",
            flush=True,
        )
        _print_codes(device.mesh)


async def _simulate(mesh: Mesh, host: str, port: int, speed: float) -> None:
    async with trio.open_nursery() as nursery:
        address, port = await nursery.start(serve_tcp, mesh, host, port, speed)
        print(f"A mesh is ready at {_name(address, port)}. A gateway for it:")
        print(
            "iqrf-trio run --set port.kind=tcp "
            f"--set port.tcp.host={address} --set port.tcp.port={port}",
            flush=True,
        )
        _print_codes(mesh)


def _print_codes(mesh: Mesh) -> None:
    """The codes by which nodes that are not bonded yet can be."""
    for node in mesh.world.nodes:
        if node.nadr is None:
            code = iqrf_code.encode(IqrfCode(node.mid, node.ibk, node.product.hwpid))
            print(f"Not bonded: {node.product.name}, MID {node.mid:08X}, code {code}", flush=True)


def _mesh(arguments: argparse.Namespace) -> Mesh:
    try:
        described = Simulator(
            nodes=arguments.nodes,
            network=str(arguments.network or ""),
            seed=arguments.seed,
            speed=arguments.speed,
            loss=arguments.loss,
        )
        return mesh_of(Config(simulator=described))
    except ImpossibleValueError as error:
        raise Failure(f"--{error}", exit_code=USAGE) from None
    except NetworkFileError as error:
        raise Failure(str(error), exit_code=USAGE) from None


def _name(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(text: str) -> tuple[str, int]:
    host, colon, digits = text.rpartition(":")
    if not colon or not digits.isdecimal() or not 0 <= int(digits) <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError("it is no HOST:PORT, for example 127.0.0.1:10000")
    return host.removeprefix("[").removesuffix("]"), int(digits)
