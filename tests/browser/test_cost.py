"""What open pages ask of a gateway with a full network."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from attrs import define, field

from iqrf_trio.simulator.files.plan import generate
from tests.browser.driver import MISSING, Visit, drive
from tests.iqrf_trio.house import house
from tests.iqrf_trio.http.network import learnt, read

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]


MESSAGES = ("auth", "ntfDaemon_InvokeMonitor", "iqrfSensorData_GetConfig")


@define
class Asked:
    """What pages send from now on: paths over HTTP, messages over WebSockets."""

    paths: Counter[str] = field(factory=Counter)
    messages: Counter[str] = field(factory=Counter)

    def by(self, page: Any) -> None:
        """Count what this page sends."""

        def sent(text: str) -> None:
            message = json.loads(text)
            self.messages[message.get("mType", message.get("type"))] += 1

        page.on("request", lambda request: self.paths.update([urlsplit(request.url).path]))
        page.on("websocket", lambda socket: socket.on("framesent", sent))


async def test_an_open_page_listens_and_asks_for_the_network_once(tmp_path: Path) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("map", token)
        visit.sees(".map .dot")
        again = visit.page.context.new_page()
        opening = Asked()
        opening.by(again)
        # The session key is that of the tab; a link signs another one in.
        again.goto(f"{visit.url}/#key={token}")
        again.wait_for_selector("nav.rail")
        again.goto(f"{visit.url}/#/map")
        again.wait_for_selector(".map .dot")
        again.wait_for_timeout(1500)
        asked = {path: count for path, count in opening.paths.items() if "/console/" not in path}
        asked.pop("/healthz", None)  # of the overview, which the link opens, on a slow machine
        assert asked == {"/": 1, "/api/v1/session": 1, "/api/v1/network": 1}, "it signs in"
        assert opening.messages == dict.fromkeys(MESSAGES, 1)
        opening.paths.clear()
        opening.messages.clear()
        trio.from_thread.run(read, home)
        again.wait_for_timeout(4000)
        assert (opening.paths, opening.messages) == ({}, {}), "it only listens"
        again.goto(f"{visit.url}/#/overview")
        again.wait_for_selector("text=All 239 nodes answered")
        assert visit.errors == []

    async with house(tmp_path, mesh=generate(239), limit_s=250) as home:
        await learnt(home)
        await read(home)
        await drive(partial(scenario, token=home.token), home.http_url)
