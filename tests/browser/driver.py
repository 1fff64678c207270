"""Chromium by Playwright, in a thread beside the gateway: what a person would see and press."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

import trio
from attrs import define, field

from tests.programs import found, required

CHROMIUM = found("chromium") or found("chromium-browser")

MISSING = (
    ""
    if required("chromium")
    else "no Chromium here: apt-get install chromium"
    if CHROMIUM is None
    else "no playwright here: pip install .[browser]"
    if find_spec("playwright") is None
    else ""
)
"""Why no browser can be driven; empty where one can."""

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_PATIENCE_MS = 15000
"""How long something may take to appear; a machine under load takes its time."""

T = TypeVar("T")


@define(eq=False)
class Visit:
    """One tab. `errors` is what the page wrote to the console as an error, and what it threw."""

    page: Any
    url: str
    errors: list[str] = field(factory=list)

    def open(self, view: str = "", token: str = "") -> None:
        """Go to a view such as "map"; with a token by a link that signs in."""
        if token:
            self.page.goto(f"{self.url}/#key={token}")
            self.page.wait_for_selector("nav.rail")
        self.page.goto(f"{self.url}/#/{view}")

    def sees(self, selector: str) -> Any:
        """The first element that matches, once it is there."""
        found = self.page.locator(selector).first
        found.wait_for()
        return found

    def panel(self, title: str) -> Any:
        """The panel of a long work."""
        return self.page.locator(".work", has_text=title).first

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window."""
    playwright_api = import_module("playwright.sync_api")
    with playwright_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield started
        finally:
            started.close()


@contextmanager
def visiting(
    started: Any, url: str, *, width: int = 1440, height: int = 900, dark: bool = False
) -> Iterator[Visit]:
    """A tab of its own, with its own storage."""
    scheme = "dark" if dark else "light"
    size = {"width": width, "height": height}
    context = started.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    visit = Visit(page, url)

    def said(message: Any) -> None:
        # Nothing is kept yet of a sensor that was just read for the first time.
        unkept = "404" in message.text and "/api/v1/history?" in message.location["url"]
        if message.type == "error" and not unkept:
            visit.errors.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    try:
        yield visit
    except Exception as error:
        error.add_note(f"the page at {page.url} said: {visit.errors}")
        raise
    finally:
        context.close()


async def drive(scenario: Callable[[Visit], T], url: str, **options: Any) -> T:
    """Carry out a scenario in a browser, in a thread, and tell what it returns."""

    def run() -> T:
        with browser() as started, visiting(started, url, **options) as visit:
            return scenario(visit)

    return await trio.to_thread.run_sync(run)
