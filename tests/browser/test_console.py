"""The console in Chromium, with a whole gateway and a simulated mesh behind it."""

import logging
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import trio

from iqrf_trio.cli.support import local_token
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import PRODUCTS
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import opened, transact
from protocol.auth.rights import READ
from tests.browser.driver import MISSING, Visit, drive
from tests.iqrf_trio.house import House, house
from tests.iqrf_trio.http.network import call, learnt, read

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]

PAGES = (
    *("overview", "map", "nodes", "sensors", "readings", "tasks", "messages"),
    *("system/queue", "system/tokens", "system/log", "system/settings", "system/doctor"),
    *("network/add", "network/check", "network/mend", "network/backup"),
)

NEAREST = """() => {
    const places = [...document.querySelectorAll(".map .dot")].map(
        (dot) => dot.getAttribute("transform").match(/-?[\\d.]+/g).slice(0, 2).map(Number));
    return Math.min(...places.flatMap(([x, y], index) =>
        places.slice(0, index).map(([u, v]) => Math.hypot(x - u, y - v))));
}"""
"""The smallest distance between two nodes of the map, whose circles are 22 wide."""

SMALLEST_PX = """() => Math.min(...[...document.querySelectorAll(".map .dot circle")].map(
    (circle) => circle.getBoundingClientRect().width))"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, limit_s=200) as home:
        await learnt(home)
        yield home


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def mid_of(home: House, address: int) -> str:
    [device] = [each for each in home.gateway.store.network if each.address == address]
    return f"{device.mid:08x}"


def revoke(state: Path, token: str) -> None:
    number = int(token.split(";")[1])
    with opened(state / DATABASE_NAME) as connection:
        transact(connection, partial(tokens.revoke, token_id=number, at=datetime.now(UTC)))


async def test_signing_in_with_a_token(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("map")
        field = visit.sees("input[type=password]")
        field.fill("iqrfgd2;77;" + "A" * 43 + "=")
        visit.sees("button.main").click()
        assert "not accepted" in visit.sees("[role=alert]").inner_text()
        field.fill(home.token)
        visit.sees("button.main").click()
        visit.sees(".map .dot")
        assert home.token not in str(visit.page.evaluate("JSON.stringify({...sessionStorage})"))
        visit.page.reload()
        visit.sees(".map .dot")  # the key is still there
        visit.sees("text=Sign out").click()
        visit.sees("input[type=password]")
        assert [error for error in visit.errors if "401" not in error] == []

    await drive(scenario, home.http_url)


async def test_a_link_signs_in_and_leaves_no_token_in_the_address(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(token=home.token)
        assert "key" not in visit.page.url
        headline = visit.sees("h1.headline").inner_text()
        assert "12 nodes are known" in headline
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_values_come_by_themselves(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(token=home.token)
        visit.sees("h1.headline")
        trio.from_thread.run(read, home)
        visit.sees("text=All 12 nodes answered at")
        home.mesh.node(7).online = False
        trio.from_thread.run(read, home)
        visit.sees("h1 >> text=Node 7 is silent")
        assert "Node 7 did not answer" in visit.page.inner_text("main")
        visit.sees(".events a >> text=Node 7").click()
        visit.sees("text=has not answered since")
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_a_node_with_its_chart(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("nodes", home.token)
        visit.sees(".devices a >> text=Node 1").click()
        visit.sees(".tile").click()
        visit.sees(".history canvas")
        visit.sees(".choice button >> text=7 d").click()
        visit.sees(".history canvas")
        visit.sees("button >> text=Ping").click()
        visit.sees("text=It answered")
        visit.sees("button >> text=Rename").click()
        visit.sees(".rename input").fill("boiler room")
        visit.sees("button >> text=Save").click()
        visit.sees("h1 >> text=boiler room")
        assert visit.errors == []

    await read(home)
    await drive(scenario, home.http_url)
    [device] = [each for each in home.gateway.store.network if each.address == 1]
    assert device.metadata == {"name": "boiler room"}


async def test_long_works_tell_how_far_they_are(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("network", home.token)
        ping = visit.panel("Ping all")
        ping.locator("button >> text=Begin").click()
        ping.locator(".result").wait_for()
        assert "All 12 nodes answered" in ping.inner_text()
        learn = visit.panel("Learn the network")
        learn.locator("button >> text=Begin").click()
        visit.open("map")  # it goes on while another page is shown
        visit.sees(".map .dot")
        visit.open("network")
        learn.locator(".result").wait_for()
        assert "finished" in learn.inner_text()
        report = visit.panel("Health report")
        report.locator("button >> text=Begin").click()
        report.locator(".result tbody tr").nth(11).wait_for()
        visit.open("network/mend")
        restart = visit.panel("Restart all")
        assert restart.locator("button").is_disabled()
        restart.locator("input").fill("ALL")
        assert restart.locator("button").is_enabled()
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_what_is_mended_is_tried_before(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("network/mend", home.token)
        mids = visit.panel("Wrong MIDs")
        carry_out = mids.locator("button >> text=Begin")
        assert carry_out.is_disabled()
        mids.locator("button >> text=Try").click()
        mids.locator(".result").wait_for()
        assert "Nothing was changed" in mids.inner_text()
        carry_out.click()
        mids.locator("text=Done").wait_for()
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_a_node_is_bonded_by_its_button(tmp_path: Path) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("network/add", token)
        bond = visit.panel("Bond by button")
        bond.locator("button >> text=Begin").click()
        bond.locator(".result").wait_for()
        assert "Node 13 is in the network, which has 13 nodes now." in bond.inner_text()
        code = visit.panel("Bond by IQRF code")
        code.locator("input").first.fill("tea")
        code.locator("button >> text=Begin").click()
        code.locator(".result .silent").wait_for()
        visit.open("network/backup")
        visit.sees("button >> text=Make a snapshot").click()
        visit.sees("text=Kept:")
        visit.page.locator(".work h3 + p", has_text="20").wait_for()  # its name is its date
        assert visit.errors == []

    mesh = generate(12)
    mesh.world.nodes.append(Node(0x81000777, PRODUCTS[0], position=(0.1, 0.0)))
    async with house(tmp_path, mesh=mesh, limit_s=200) as home:
        await learnt(home)
        await drive(partial(scenario, token=home.token), home.http_url)


async def test_readings_and_messages(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("readings", home.token)
        visit.sees("button >> text=Start").click()
        visit.sees("text=Readings run every 10 min")
        visit.sees("tbody >> text=12 / 12")
        visit.sees("input[type=number]").fill("15")
        visit.sees("button >> text=Save").click()
        visit.sees("text=Readings run every 15 min")
        visit.open("messages/iqrfRaw")
        visit.sees(".fields input").fill("01.00.06.03.ff.ff")
        visit.sees("button >> text=Send").click()
        assert '"rData": "01.00.06.83' in visit.sees(".sender pre").inner_text()
        visit.sees(".fields input").fill("tea")
        visit.sees("button >> text=Send").click()
        assert "rData" in visit.sees(".action .state.silent").inner_text()
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_a_network_is_filled_and_the_work_cancelled(tmp_path: Path) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("network/add", token)
        auto = visit.panel("Bond all that are near")
        begin = auto.locator("button >> text=Begin")
        begin.click()
        auto.locator("text=Wave 1").wait_for()
        auto.locator("button >> text=Cancel").click()
        auto.locator(".result .silent").wait_for()
        assert "ancel" in auto.locator(".result").inner_text()
        begin.click()
        auto.locator("text=Wave 1").wait_for()
        visit.open("overview")  # it goes on
        visit.open("network/add")
        auto.locator(".result .good").wait_for()
        visit.open("nodes")
        visit.sees("text=Node 15")
        assert visit.errors == []

    mesh = generate(12)
    for number in range(3):
        node = Node(0x81000777 + number, PRODUCTS[0], position=(0.1, 0.1 * number))
        mesh.world.nodes.append(node)
    async with house(tmp_path, mesh=mesh, speed=30, limit_s=200) as home:
        await learnt(home)
        await drive(partial(scenario, token=home.token), home.http_url)
        assert len(home.gateway.store.network) == 16


async def test_a_list_of_nodes_is_tried_and_commissioned(tmp_path: Path) -> None:
    def scenario(visit: Visit, home: House) -> None:
        visit.open("network/add", home.token)
        work = visit.panel("Commission by list")
        work.locator("textarea").fill("81000777,, 40, attic\n81000778, , , cellar")
        work.locator("button >> text=Try").click()
        work.locator("text=Nothing was changed").wait_for()
        assert "prebonded" in work.locator("tr", has_text="attic").inner_text()
        assert len(home.gateway.store.network) == 13
        work.locator("button >> text=Begin").click()
        work.locator("text=Done").wait_for()
        assert "verified" in work.locator("tr", has_text="cellar").inner_text()
        visit.open("nodes")
        visit.sees("a >> text=attic")
        assert visit.errors == []

    mesh = generate(12)
    for number in range(2):
        mid = 0x81000777 + number
        mesh.world.nodes.append(Node(mid, PRODUCTS[0], position=(0.1, 0.1 * number)))
    async with house(tmp_path, mesh=mesh, limit_s=200) as home:
        await learnt(home)
        await drive(partial(scenario, home=home), home.http_url)
        named = {each.address: each.metadata for each in home.gateway.store.network}
        assert named[40] == {"name": "attic"}
        assert named[13] == {"name": "cellar"}


async def test_outputs_are_switches_and_a_light_is_a_slider(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(f"node/{mid_of(home, 3)}", home.token)
        second = visit.page.locator("[role=switch]").nth(1)
        second.click()
        visit.sees("[role=switch][aria-checked=true] >> text=Output 1: on")
        second.click()
        visit.sees("[role=switch][aria-checked=false] >> text=Output 1: off")
        second.click()
        visit.sees("text=Output 1: on")
        visit.open(f"node/{mid_of(home, 4)}")
        slider = visit.sees("input[type=range]")
        slider.fill("40")
        visit.sees("text=Light: 40 %")
        assert visit.errors == []

    await drive(scenario, home.http_url)
    told = (await call(home, "iqrfTrio_GetStates", {}))["rsp"]["nodes"]
    states = {each["nAdr"]: each for each in told}
    assert [each["state"] for each in states[3]["outputs"]][1] is True
    assert states[4]["light"] == {"state": True, "brightness": 40}


async def test_the_configuration_of_a_node_is_read_and_changed(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(f"node/{mid_of(home, 3)}", home.token)
        visit.sees("summary >> text=Configuration").click()
        read = visit.panel("Read the configuration")
        read.locator("button >> text=Begin").click()
        change = visit.panel("Change the configuration")
        change.locator("label", has_text="Tx power").locator("input").fill("5")
        assert change.locator("button >> text=Begin").is_disabled()
        change.locator(".danger input").fill("Node 3")
        change.locator("button >> text=Begin").click()
        change.locator(".result .good").wait_for()
        assert visit.errors == []

    await drive(scenario, home.http_url)
    again = await call(home, "iqmeshNetwork_ReadTrConf", {"deviceAddr": 3})
    assert again["rsp"]["txPower"] == 5


async def test_a_node_is_removed_by_its_name(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(f"node/{mid_of(home, 5)}", home.token)
        visit.sees("summary >> text=remove").click()
        remove = visit.panel("Remove from the network")
        remove.locator(".danger input").fill("Node 6")
        assert remove.locator("button >> text=Begin").is_disabled()
        remove.locator(".danger input").fill("Node 5")
        remove.locator("button >> text=Begin").click()
        visit.sees("text=There is no such node")
        assert visit.errors == []

    await drive(scenario, home.http_url)
    assert 5 not in {device.address for device in home.gateway.store.network}


async def test_a_task_is_made_changed_and_run(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("tasks", home.token)
        visit.sees("button >> text=New task").click()
        visit.sees("[type=text]").fill("morning round")
        visit.sees("select").select_option("daily")
        visit.sees("[type=time]").fill("06:45")
        visit.sees("text=It runs every day at 06:45.")
        visit.sees("select >> nth=1").select_option("iqrfRaw")
        visit.sees("[type=text] >> nth=1").fill("00.00.06.03.ff.ff")
        visit.sees("button >> text=Save").click()
        task = visit.panel("morning round")
        task.locator("text=every day at 06:45, next").wait_for()
        assert "It has not run yet" in task.inner_text()
        task.locator("button >> text=Run now").click()
        task.locator("text=good").wait_for()
        task.locator("button >> text=Change").click()
        assert visit.sees("[type=text] >> nth=1").input_value() == "00.00.06.03.ff.ff"
        visit.sees("select").select_option("every")
        visit.sees("[type=number]").fill("90")
        visit.sees("button >> text=Save").click()
        task.locator("text=every 90 min").wait_for()
        task.locator("button >> text=Stop").click()
        task.locator("text=stopped").wait_for()
        remove = task.locator("button").last
        remove.click()
        remove.click()
        visit.sees("text=None yet")
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_a_broken_node_is_replaced(tmp_path: Path) -> None:
    def scenario(visit: Visit, home: House) -> None:
        visit.open(f"node/{mid_of(home, 5)}", home.token)
        visit.sees("button >> text=Rename").click()
        visit.sees(".rename input").fill("boiler room")
        visit.sees("button >> text=Save").click()
        visit.sees("h1 >> text=boiler room")
        visit.sees("summary >> text=Replace").click()
        replace = visit.panel("Put another module")
        replace.locator("label", has_text="MID").locator("input").fill("81000777")
        begin = replace.locator("button >> text=Begin")
        assert begin.is_disabled()
        replace.locator(".danger input").fill("boiler room")
        begin.click()
        visit.sees(".node > .facts >> text=81000777")
        assert visit.page.url.endswith("#/node/81000777")
        assert visit.sees("h1").inner_text().startswith("boiler room")
        assert visit.errors == []

    mesh = generate(12)
    mesh.world.nodes.append(Node(0x81000777, PRODUCTS[0], position=(0.1, 0.0)))
    async with house(tmp_path, mesh=mesh, limit_s=200) as home:
        await learnt(home)
        mesh.node(5).online = False
        await drive(partial(scenario, home=home), home.http_url)
        assert mid_of(home, 5) == "81000777"


async def test_the_queue_is_paused_and_goes_on(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("system/queue", home.token)
        visit.sees("text=Nothing waits")
        visit.sees("button >> text=Pause").click()
        visit.sees("text=Paused")
        assert home.gateway.scheduler.paused
        visit.sees("button >> text=Resume").click()
        visit.sees("text=Nothing waits")
        assert visit.errors == []

    await drive(scenario, home.http_url)
    assert not home.gateway.scheduler.paused


async def test_tokens_are_made_and_revoked(home: House) -> None:
    def scenario(visit: Visit) -> str:
        visit.open("system/tokens", home.token)
        visit.sees("tbody tr")
        visit.sees(".fields input").fill("wall display")
        visit.sees(".fields select").select_option("read")
        visit.sees("button >> text=Make").click()
        made = str(visit.sees("code.command").inner_text())
        visit.sees("td >> text=wall display")
        revoke = visit.page.locator("tr", has_text="wall display").locator("button").last
        revoke.click()
        assert revoke.inner_text() == "Really?"
        revoke.click()
        visit.page.locator("tr", has_text="wall display").locator("text=revoked").wait_for()
        assert visit.errors == []
        return made

    made = await drive(scenario, home.http_url)
    [_own, token] = await home.gateway.store.tokens()
    assert (token.owner, token.scope.value, token.id) == (
        "wall display",
        "read",
        int(made.split(";")[1]),
    )
    assert token.invalidated_at is not None


async def test_the_log_is_followed_without_secrets(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("system/log", home.token)
        visit.sees("text=Follow")
        log.warning("the boiler is cold; token %s", home.token)
        visit.sees(".log .warning >> text=the boiler is cold")
        assert home.token not in visit.page.inner_text("main")
        visit.sees("select").select_option("error")
        visit.page.locator("text=the boiler is cold").wait_for(state="detached")
        visit.sees("select").select_option("info")
        with visit.page.expect_download() as saved:
            visit.sees("button >> text=Download").click()
        text = Path(saved.value.path()).read_text()
        assert "the boiler is cold" in text
        assert home.token not in text
        assert visit.errors == []

    log = logging.getLogger("iqrf_trio.http")
    await drive(scenario, home.http_url)


async def test_settings_and_the_doctor(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("system/settings", home.token)
        visit.sees(".search input").fill("port.kind")
        assert "simulator" in visit.sees("tbody tr").inner_text()
        visit.open("system/doctor")
        visit.sees(".events li")
        assert "Radio" in visit.page.inner_text("main")
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_who_may_only_read_is_told_so(home: House) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("system/tokens", token)
        assert "takes the scope manage" in visit.sees("[role=alert]").inner_text()
        visit.open("network")
        begin = visit.sees(".work button")
        assert begin.is_disabled()
        assert "manage" in begin.get_attribute("title")
        assert [error for error in visit.errors if "403" not in error] == []

    reader = local_token.make(home.state / DATABASE_NAME, READ)
    await drive(partial(scenario, token=reader), home.http_url)


async def test_a_token_that_is_revoked_ends_the_page_and_keeps_the_place(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("sensors", home.token)
        visit.sees(".bars li")
        revoke(home.state, home.token)
        assert "over" in visit.sees("[role=alert]").inner_text()
        assert visit.page.url.endswith("#/sensors")

    await drive(scenario, home.http_url)


async def test_the_gateway_goes_away_and_comes_back(tmp_path: Path) -> None:
    mesh = generate(12)
    sets = (f"http.port={free_port()}", f"websocket.port={free_port()}")
    looking, back, over = trio.Event(), trio.Event(), trio.Event()

    def scenario(visit: Visit, token: str) -> None:
        visit.open("nodes", token)
        visit.sees(".devices tr")
        trio.from_thread.run_sync(looking.set)
        assert "No connection" in visit.sees(".banner").inner_text()
        trio.from_thread.run(back.wait)
        assert "over" in visit.sees(".sign-in [role=alert]").inner_text()
        assert visit.page.url.endswith("#/nodes")
        visit.sees("input[type=password]").fill(token)
        visit.sees("button.main").click()
        visit.sees(".devices tr")

    async def driven(scenario: Callable[[Visit], None], url: str) -> None:
        await drive(scenario, url)
        over.set()

    async with trio.open_nursery() as nursery:
        async with house(tmp_path, *sets, mesh=mesh, limit_s=200) as home:
            await learnt(home)
            nursery.start_soon(driven, partial(scenario, token=home.token), home.http_url)
            await looking.wait()
        async with house(tmp_path, *sets, mesh=mesh, token=home.token, limit_s=200):
            back.set()
            await over.wait()


async def test_what_is_written_into_the_page_does_not_run(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("nodes", home.token)
        visit.sees(".devices tr")
        assert "<img" in visit.page.inner_text("main"), "a name is text"
        inject = """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
            const image = "<img src=x onerror='window.injected = true'>";
            document.body.insertAdjacentHTML("beforeend", image);
        }"""
        visit.page.evaluate(inject)
        visit.page.wait_for_timeout(300)
        assert visit.page.evaluate("window.injected") is None
        assert any("Content Security Policy" in error for error in visit.errors)

    hostile = {"name": "<img src=x onerror='window.injected = true'>"}
    devices = [{"address": 3, "metadata": hostile}]
    assert (await call(home, "iqrfDb_SetDeviceMetadata", {"devices": devices}))["status"] == 0
    await drive(scenario, home.http_url)


async def test_a_map_of_239_nodes_is_drawn_and_searched(tmp_path: Path) -> None:
    def scenario(visit: Visit, token: str) -> None:
        visit.open("map", token)
        visit.sees(".map .dot")
        assert visit.page.locator(".map .dot").count() == 240
        assert visit.page.evaluate(NEAREST) > 22, "no node hides another one"
        assert visit.page.evaluate(SMALLEST_PX) > 6, "and each can be seen"
        visit.sees(".search input").fill("117")
        visit.page.keyboard.press("Enter")
        assert "Node 117" in visit.sees("aside h1").inner_text()
        assert visit.page.locator(".map .dot.faint").count() == 239
        assert visit.errors == []

    async with house(tmp_path, mesh=generate(239), limit_s=250) as large:
        await learnt(large)
        await drive(partial(scenario, token=large.token), large.http_url)


def tab_to(visit: Visit, text: str) -> None:
    """Press Tab until what has the focus is called so."""
    here = "document.activeElement"
    name = f"{here} === document.body ? '' : {here}.ariaLabel || {here}.innerText"
    said = []
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        said.append(str(visit.page.evaluate(name)).strip())
        if text in said[-1]:
            return
    raise AssertionError(f"Tab leads to {said}")


async def test_work_by_keyboard_alone(home: House) -> None:
    def scenario(visit: Visit) -> None:
        keys = visit.page.keyboard
        visit.open("overview")
        visit.sees("input[type=password]")
        keys.press("Tab")
        keys.type(home.token)
        keys.press("Enter")
        visit.sees("h1.headline")
        tab_to(visit, "Skip to the content")
        keys.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "content"
        tab_to(visit, "Network")
        keys.press("Enter")
        visit.sees(".work")
        tab_to(visit, "Mend")
        keys.press("Enter")
        tab_to(visit, "Try without changing")
        keys.press("Enter")
        visit.sees("text=Nothing was changed")
        tab_to(visit, "Nodes")
        keys.press("Enter")
        tab_to(visit, "Node 3")
        keys.press("Enter")
        visit.sees("[role=switch]")
        tab_to(visit, "Output 0")
        keys.press("Space")
        visit.sees("text=Output 0: on")
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_the_map_by_keyboard(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open("map", home.token)
        visit.sees(".map .dot")
        focused = "document.activeElement?.dataset?.address"
        for _ in range(40):
            visit.page.keyboard.press("Tab")
            if visit.page.evaluate(focused) is not None:
                break
        assert visit.page.evaluate(focused) == "0", "the coordinator is reached by Tab"
        visit.page.keyboard.press("ArrowDown")
        first = visit.page.evaluate(focused)
        visit.page.keyboard.press("ArrowRight")
        assert visit.page.evaluate(focused) not in {first, "0"}
        visit.page.keyboard.press("ArrowUp")
        assert visit.page.evaluate(focused) == "0"
        visit.page.keyboard.press("ArrowDown")
        visit.page.keyboard.press("Enter")
        assert f"Node {first}" in visit.sees("aside h1").inner_text()
        assert visit.errors == []

    await drive(scenario, home.http_url)


async def test_no_page_is_wider_than_a_phone(home: House) -> None:
    def scenario(visit: Visit) -> None:
        visit.open(token=home.token)
        for name in (*PAGES, "more", *(f"node/{mid_of(home, address)}" for address in (1, 3, 4))):
            visit.open(name)
            visit.sees("h1")
            for closed in visit.page.locator("summary").all():
                closed.click()
            visit.page.wait_for_timeout(200)
            assert visit.overflow <= 0, name
        assert visit.errors == []

    await read(home)
    await drive(scenario, home.http_url, width=360, height=740)
