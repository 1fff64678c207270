"""Pictures of each page of the console: `python -m tests.browser.screenshots FOLDER [NODES]`.

Each page in light and dark, on a phone and on a wide screen, of a simulated mesh of which three
nodes are silent.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from iqrf_trio.simulator.files.plan import generate
from tests.browser.driver import MISSING, Visit, browser, visiting
from tests.iqrf_trio.house import House, house
from tests.iqrf_trio.http.network import call, learnt, read

WIDTHS = {"phone": 360, "wide": 1440}
HEIGHTS = {"phone": 740, "wide": 900}
SILENT = (3, 7, 11)

TASK = {
    "clientId": "SchedulerMessaging",
    "description": "Morning round",
    "task": [
        {
            "messaging": [{"type": "ws", "instance": "WebsocketMessaging"}],
            "message": {"mType": "iqrfSensorData_Invoke", "data": {"msgId": "morning"}},
        }
    ],
    "timeSpec": {
        "cronTime": "0 30 6 * * * *",
        "periodic": False,
        "period": 0,
        "exactTime": False,
        "startTime": "",
    },
    "enabled": True,
}

VIEWS = {
    "overview": ("overview", ".cards .card"),
    "map": ("map", ".map .dot"),
    "map-node": ("map/{mid}", ".map .dot"),
    "nodes": ("nodes", ".devices tbody tr"),
    "node": ("node/{mid}", ".tiles"),
    "node-chart": ("node/{mid}", ".tiles"),
    "sensors": ("sensors", ".bars li"),
    "network-add": ("network/add", ".work"),
    "network-check": ("network/check", ".work"),
    "network-mend": ("network/mend", ".work"),
    "network-backup": ("network/backup", ".work"),
    "readings": ("readings", ".fields"),
    "tasks": ("tasks", ".work"),
    "queue": ("system/queue", ".actions"),
    "tokens": ("system/tokens", "tbody tr"),
    "log": ("system/log", ".tools"),
    "settings": ("system/settings", "tbody tr"),
    "doctor": ("system/doctor", ".events li"),
    "messages": ("messages/iqmeshNetwork_Ping", ".sender"),
}
"""Each picture with its view and what has to be there before it is taken."""


def main() -> int:
    """Write the pictures; returns the exit code."""
    if MISSING:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    trio.run(_write, folder, int(sys.argv[2]) if len(sys.argv) > 2 else 12)
    return 0


async def _write(folder: Path, nodes: int) -> None:
    with TemporaryDirectory() as state:
        mesh = generate(nodes)
        async with house(Path(state), mesh=mesh, limit_s=600) as home:
            await learnt(home)
            await read(home)
            for address in SILENT:
                mesh.node(address).online = False
            await read(home)
            await call(home, "mngScheduler_AddTask", TASK)
            await trio.to_thread.run_sync(_take_all, home, folder)


def _take_all(home: House, folder: Path) -> None:
    [device] = [each for each in home.gateway.store.network if each.address == 1]
    mid = f"{device.mid:08x}"
    with browser() as started:
        for (size, width), dark in product(WIDTHS.items(), (False, True)):
            url, height = home.http_url, HEIGHTS[size]
            with visiting(started, url, width=width, height=height, dark=dark) as visit:
                for name in _views(visit, home.token, mid):
                    scheme = "dark" if dark else "light"
                    file = folder / f"{name}-{size}-{scheme}.png"
                    visit.page.screenshot(path=str(file), full_page=True)
                for error in visit.errors:
                    sys.stderr.write(f"{size}: {error}\n")


def _views(visit: Visit, token: str, mid: str) -> Iterator[str]:
    """Go to each view, and tell its name once it is drawn."""
    visit.open()
    visit.sees(".sign-in")
    yield "sign-in"
    visit.open(token=token)
    for name, (view, needed) in VIEWS.items():
        visit.open(view.format(mid=mid))
        visit.sees(needed)
        if name == "node-chart":
            visit.sees(".tile").click()
            visit.sees(".history")
        visit.page.wait_for_timeout(600)
        if visit.overflow > 0:
            sys.stderr.write(f"{name}: {visit.overflow} px too wide\n")
        yield name


if __name__ == "__main__":
    sys.exit(main())
