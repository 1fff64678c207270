"""The pages for users: generated ones are not stale, findings are explained, the clients work."""

import fnmatch
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from docs import compare, generate
from docs.asyncapi import answer_name
from iqrf_trio.config.differences import needs_restart
from protocol.api import mng, schemas
from protocol.api.errors import MESSAGE_ERROR
from protocol.api.published import PUBLISHED
from protocol.api.registry import REGISTRY, UNASKED
from protocol.auth.rights import Rights, Scope
from tests.iqrf_trio.house import house

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def test_no_generated_page_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["generate", "--check"])
    assert generate.main() == 0, "make docs"


def test_every_finding_of_the_doctor_is_explained() -> None:
    checks = set()
    for file in (ROOT / "iqrf_trio").glob("**/*doctor*/*.py"):
        checks |= set(re.findall(r'(?:ok|note|warning|error)\(\s*"([a-z-]+)"', file.read_text()))
    checks.add("configuration")
    page = (ROOT / "docs/troubleshooting.md").read_text()
    assert checks == set(re.findall(r"^## (.*)$", page, re.MULTILINE))


def test_what_the_readme_says_does_not_work_does_not() -> None:
    readme = (ROOT / "README.md").read_text()
    refused = readme.partition("Does not, or not yet:")[2].partition("\n## ")[0]
    named = re.findall(r"`((?:iqmeshNetwork|infoDaemon|cfgDaemon|mngDaemon)_[\w*]+)`", refused)
    unanswered = set(PUBLISHED) - set(REGISTRY) - set(UNASKED) - {MESSAGE_ERROR}
    assert {name for name in unanswered if any(fnmatch.fnmatch(name, it) for it in named)} == (
        unanswered
    )
    assert all(fnmatch.filter(unanswered, it) for it in named)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([\w/.-]+)(?:#[\w-]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_a_page_calls_by_its_path_is_there(page: str) -> None:
    """A path from the root or from a package, as far as it is given, with or without `.py`."""
    tops = ("iqrf_trio", "protocol", "tests", "docs", "etc", "bench", "packaging")
    paths = {f"/{path.relative_to(ROOT)}" for top in tops for path in (ROOT / top).rglob("*")}
    paths |= {f"/{path.name}" for path in ROOT.iterdir()}
    for name in re.findall(r"`([\w./-]+)`", (ROOT / page).read_text()):
        if "/" not in name.rstrip("/") and not name.endswith((".py", ".toml", ".js", "/")):
            continue  # a word, maybe that of a function
        if name.startswith("/") or name == "dist/":
            continue  # of a machine, or made
        end = f"/{name.rstrip('/')}"
        assert any(path.endswith((end, f"{end}.py")) for path in paths), name


def test_the_table_of_rights_is_that_of_the_registry() -> None:
    page = (ROOT / "docs/tokens-and-tls.md").read_text()
    told: dict[str, set[Rights]] = {mtype: set() for mtype in REGISTRY}
    for names, scope, service in re.findall(
        r"^\| (`.*) \| `(\w+)`( and the service permission)? \|$", page, re.MULTILINE
    ):
        for pattern in re.findall(r"`(\w+_\w*\*?|iqrfRaw\w*)`", names):
            found = fnmatch.filter(REGISTRY, pattern)
            assert found, f"there is no {pattern}"
            for mtype in found:
                told[mtype].add(Rights(Scope(scope), service=bool(service)))
    modes = [mng.Mode(mode) for mode in ("", "operational", "service", "forwarding")]
    for mtype, entry in REGISTRY.items():
        requests = modes if mtype == "mngDaemon_Mode" else [None]
        assert told[mtype] == {entry.rights_for(request) for request in requests}, mtype


@pytest.mark.parametrize("mtype", sorted(REGISTRY))
def test_every_message_is_in_the_asyncapi_document(mtype: str) -> None:
    document = json.loads((ROOT / "docs/asyncapi.json").read_text())
    assert document["asyncapi"] == "3.0.0"
    message = document["components"]["messages"][mtype]
    assert message["payload"] == schemas.request(REGISTRY[mtype])
    assert message["examples"][0]["payload"]["mType"] == mtype
    answer = document["components"]["messages"][answer_name(mtype)]
    assert answer["payload"] == schemas.answer(REGISTRY[mtype])
    reply = document["operations"][mtype]["reply"]["messages"]
    assert f"#/channels/gateway/messages/{answer_name(mtype)}" in reply[0].values()


def test_a_schema_tells_what_the_converter_demands() -> None:
    request = schemas.request(REGISTRY["iqrfDb_GetDevices"])
    schema = request["properties"]["data"]["properties"]["req"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["brief"]["type"] == "boolean"
    assert schema["properties"]["brief"]["default"] is False
    assert schema["properties"]["addresses"]["uniqueItems"] is True
    assert schema["properties"]["addresses"]["items"]["maximum"] == 239


def test_what_needs_a_restart() -> None:
    assert needs_restart("port.kind")
    assert needs_restart("websocket.port")
    assert not needs_restart("websocket.max_clients")
    assert not needs_restart("queue.network_capacity")


def python() -> list[str]:
    return [sys.executable, str(EXAMPLES / "client.py")]


def node() -> list[str]:
    return ["node", str(EXAMPLES / "client.mjs")]


CLIENTS: list[Callable[[], list[str]]] = [python]
if shutil.which("node") and (EXAMPLES / "node_modules" / "ws").exists():
    CLIENTS.append(node)


@pytest.mark.parametrize("program", CLIENTS)
async def test_the_example_clients_list_the_devices(
    program: Callable[[], list[str]], tmp_path: Path
) -> None:
    async with house(tmp_path) as home:
        done = await trio.run_process(
            [*program(), home.url, home.token],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stderr.decode()
        lines = done.stdout.decode().splitlines()
        assert [int(line.split()[0]) for line in lines] == list(range(13))
        refused = await trio.run_process(
            [*program(), home.url, f"{home.token[:-4]}AAA="],
            capture_stderr=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
        assert refused.returncode == 1
        assert b"not let in" in refused.stderr


def test_a_comparison_lists_each_difference_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, made in compare.generated().items():
        published = json.loads(json.dumps(made))
        if name == "mngDaemon_Exit-request":
            req = published["properties"]["data"]["properties"]["req"]
            del req["properties"]["timeToExit"]["minimum"]
            req["properties"]["later"] = {"type": "string"}
        (tmp_path / f"{name}-1-0-0.json").write_text(json.dumps(published))
    monkeypatch.setattr("sys.argv", ["compare", str(tmp_path)])
    assert compare.main() == 1
    request, refused = "mngDaemon_Exit-request", "what cannot be sent is refused before the radio"
    *found, last = capsys.readouterr().out.splitlines()
    assert found == [
        f"{request} data.req.timeToExit: minimum None there, 0 here -- {refused}",
        f"{request} data.req.later: only there -- NO REASON",
    ]
    assert last == "2 differences, 1 without a reason"


def test_the_architecture_is_read_in_one_sitting() -> None:
    """Whatever is put in has to take the place of something, or of many words."""
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 150
