"""The console without a browser: its files, how they are served, and that they fit together."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from protocol.api.registry import REGISTRY
from tests.iqrf_trio.house import House, house
from tests.iqrf_trio.http.client import ask

CONSOLE = Path(__file__).parents[3] / "iqrf_trio/http/console"
VENDOR = CONSOLE / "vendor"
LICENCES = CONSOLE.parent / "licences"
FILES = sorted(path for path in CONSOLE.rglob("*") if path.is_file())
LIBRARY = {"html", "useEffect", "useMemo", "useRef", "useState"}
"""Names of htm and preact that pages get by way of a module of ours."""

MODULES = [path for path in FILES if path.suffix == ".js" and path.parent != VENDOR]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as home:
        yield home


async def test_every_file_is_served_to_everybody(home: House) -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for path in FILES:
        answer = await ask(home.http_url, f"/console/{path.relative_to(CONSOLE)}")
        assert (answer.status, answer.body) == (200, path.read_bytes())
        if path.suffix in types:
            assert answer.headers["content-type"].startswith(types[path.suffix])


async def test_the_page_may_run_nothing_that_was_written_into_it(home: House) -> None:
    page = await ask(home.http_url, "/")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_file_that_the_browser_has_is_not_sent_again(home: House) -> None:
    first = await ask(home.http_url, "/console/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await ask(home.http_url, "/console/app.js", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


async def test_a_browser_asks_for_a_file_once(home: House) -> None:
    page = (await ask(home.http_url, "/")).body.decode()
    [version] = set(re.findall(r"console/(\w+)/", page))
    assert re.sub(f"{version}/", "", page) == (CONSOLE / "index.html").read_text()
    for path in ("app.js", "parts/live.js"):
        kept = await ask(home.http_url, f"/console/{version}/{path}")
        assert kept.body == (CONSOLE / path).read_bytes()
        assert "immutable" in kept.headers["cache-control"]
        assert "script-src 'self'" in kept.headers["content-security-policy"]
        former = await ask(home.http_url, f"/console/{'0' * len(version)}/{path}")
        assert (former.body, former.headers["cache-control"]) == (kept.body, "no-cache")


@pytest.mark.parametrize(
    "path",
    ["/console", "/console/", "/console/none.js", "/console/%2e%2e/pages.py", "/console/a/b/c"],
)
async def test_nothing_else_is_served(home: House, path: str) -> None:
    assert (await ask(home.http_url, path)).status == 404


async def test_forms_can_be_made_of_every_message(home: House) -> None:
    assert (await ask(home.http_url, "/api/v1/messages")).status == 401
    answer = await ask(home.http_url, "/api/v1/messages", home.token)
    told = {each["mType"]: each for each in answer.json["messages"]}
    assert told.keys() == REGISTRY.keys()
    assert told["iqmeshNetwork_Ping"]["schema"]["properties"]["hwpId"]["type"] == "integer"
    assert told["mngDaemon_Version"]["schema"] is None
    assert told["iqrfDb_Enumerate"]["final"] == {"member": "step", "value": 8, "byDevice": False}


def test_vendored_files_are_those_of_their_packages() -> None:
    lines = [line for line in (LICENCES / "VERSIONS").read_text().splitlines() if line[0] != "#"]
    named = {line.split()[0]: line.split()[-1] for line in lines}
    here = {path.name: path for path in (*VENDOR.iterdir(), *LICENCES.iterdir())}
    assert named.keys() == here.keys() - {"VERSIONS"}
    assert {f"LICENSE.{name}" for name in ("htm", "preact", "uplot")} < named.keys()
    for name, digest in named.items():
        assert sha256(here[name].read_bytes()).hexdigest() == digest, name


def test_the_page_is_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 200_000


def offered_by(path: Path) -> str:
    """The text of a module, and of those whose exports it hands on."""
    text = path.read_text()
    handed_on = re.findall(r'export \* from "([^"]+)"', text)
    inside = [(path.parent / each).resolve() for each in handed_on]
    return text + "".join(offered_by(each) for each in inside if each.parent != VENDOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CONSOLE)))
def test_modules_import_what_is_there(path: Path) -> None:
    text = path.read_text()
    for names, source in re.findall(r'import \{([^}]*)\} from "([^"]+)"', text):
        target = (path.parent / source).resolve()
        assert target in FILES, source
        offered = offered_by(target)
        for name in (each.strip() for each in names.split(",") if each.strip()):
            if target.parent != VENDOR and name not in LIBRARY:
                assert re.search(rf"export (async )?(function|const|class) {name}\b", offered), name
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is not used"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CONSOLE)))
def test_addresses_are_relative(path: Path) -> None:
    """So that a proxy may serve the page below a path."""
    assert not re.search(r"""["'`(](https?:)?/[a-z]""", path.read_text())


def test_every_text_is_in_one_file_and_used() -> None:
    texts = (CONSOLE / "texts.js").read_text()
    known = set(re.findall(r"^\t(\w+):", texts, re.MULTILINE))
    used = {name for path in MODULES for name in re.findall(r"\bT\.(\w+)", path.read_text())}
    index = (CONSOLE / "pages/index.js").read_text()
    by_name = set(re.findall(r"(\w+): [A-Z]\w+[,} ]", index))  # the titles of pages
    assert used <= known, used - known
    assert known <= used | by_name, known - used - by_name
