"""What a gateway has kept of its devices' values: as a chart, as a file, and forgotten."""

import argparse
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import time
from typing import Any
from urllib.parse import urlencode

import orjson

from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support import interruption, terminal
from iqrf_trio.cli.support.access import add_options, find_token, trust
from iqrf_trio.cli.support.chart import chart
from iqrf_trio.cli.support.tables import table
from iqrf_trio.edges.http.client import HttpError, Reply, ask

HELP = """Show what a gateway has kept of a sensor as a chart, export all values of a time, or
forget a device. Without MID, `show` lists what there is. It asks the gateway's HTTP port."""

DEFAULT_URL = "http://127.0.0.1:1339"

_WIDTH = 80
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_FORMATS = {"csv": "csv", "influx": "lp"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("what", choices=("show", "export", "forget"))
    parser.add_argument("mid", metavar="MID", nargs="?", help="the device, 8 hexadecimal digits")
    parser.add_argument(
        "sensor",
        metavar="SENSOR",
        nargs="?",
        type=int,
        default=0,
        help="index of the sensor (default: 0); -1 is RSSI, -2 the supply voltage",
    )
    parser.add_argument(
        "--last",
        metavar="TIME",
        type=_duration,
        default=86400,
        help="how far back: 12h, 7d, 4w, 1y (default: 1d)",
    )
    parser.add_argument(
        "--format", choices=tuple(_FORMATS), default="csv", help="of an export (default: csv)"
    )
    parser.add_argument("--json", action="store_true", help="the answer of the gateway as it comes")
    add_options(parser, url=DEFAULT_URL)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    if arguments.what == "forget" and arguments.mid is None:
        raise Failure("which device is to be forgotten?", "name its MID", exit_code=USAGE)
    work = {"show": _show, "export": _export, "forget": _forget}[arguments.what]
    try:
        interruption.run(partial(work, arguments))
    except* HttpError as group:
        cause = f"no answer from {arguments.url}: {group.exceptions[0]}"
        raise Failure(cause, "--url names the HTTP port of the gateway ([http])") from None
    return 0


async def _show(arguments: argparse.Namespace) -> None:
    if arguments.mid is None:
        print(await _list(arguments))
        return
    now = int(time())
    query = {
        "mid": arguments.mid,
        "sensor": arguments.sensor,
        "from": now - arguments.last,
        "to": now + 1,
    }
    body = await _get(arguments, f"/api/v1/history?{urlencode(query)}")
    print(body.decode() if arguments.json else _chart(orjson.loads(body)))


async def _list(arguments: argparse.Namespace) -> str:
    body = await _get(arguments, "/api/v1/series")
    if arguments.json:
        return body.decode()
    rows = [
        (each["mid"], str(each["sensor"]), each["name"], each["unit"] or "")
        for each in orjson.loads(body)
    ]
    return table(("MID", "sensor", "name", "unit"), rows)


def _chart(told: Mapping[str, Any]) -> str:
    times = told["t"]
    if not times:
        return "Nothing is kept of this time."
    unit = told["unit"] or ""
    means = told["avg"]
    head = f"{told['name']} [{unit}]" if unit else str(told["name"])
    figures = (
        f"lowest {min(told['min']):.6g}, mean {sum(means) / len(means):.6g}, "
        f"highest {max(told['max']):.6g}; {len(times)} points ({told['level']})"
    )
    width = terminal.width(sys.stdout) or _WIDTH
    return "\n".join([head, *chart(times, means, width=width), figures])


async def _export(arguments: argparse.Namespace) -> None:
    now = int(time())
    query = urlencode({"from": now - arguments.last, "to": now + 1})
    path = f"/api/v1/history.{_FORMATS[arguments.format]}?{query}"
    async with _asked(arguments, path) as reply:
        await _check(reply)
        async for piece in reply.pieces:
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


async def _forget(arguments: argparse.Namespace) -> None:
    async with _asked(arguments, f"/api/v1/history/{arguments.mid}", method="DELETE") as reply:
        await _check(reply)
        forgotten = orjson.loads(await reply.body())["series"]
    print(f"forgotten: {forgotten} series of {arguments.mid}")


async def _get(arguments: argparse.Namespace, path: str) -> bytes:
    async with _asked(arguments, path) as reply:
        await _check(reply)
        return await reply.body()


def _asked(
    arguments: argparse.Namespace, path: str, method: str = "GET"
) -> AbstractAsyncContextManager[Reply]:
    headers = {"Authorization": f"Bearer {find_token(arguments)}"}
    context = trust(arguments, arguments.url)
    return ask(arguments.url, path, method=method, headers=headers, ssl_context=context)


async def _check(reply: Reply) -> None:
    """Raise Failure for an answer that is a refusal."""
    if reply.status >= 400:
        try:
            detail = orjson.loads(await reply.body())["detail"]
        except (ValueError, TypeError, KeyError):
            detail = f"HTTP status {reply.status}"
        raise Failure(f"the gateway refused: {detail}")


def _duration(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal() or not 0 < int(number) <= 9999:
        raise argparse.ArgumentTypeError(f"{text!r} is none of 12h, 7d, 4w, 1y")
    return int(number) * _UNITS[unit]
