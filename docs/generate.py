"""Writes the generated pages: `python -m docs.generate`; with --check it only tells what is stale.

The configuration reference comes from the configuration's classes, the API reference from a gateway
on a simulated mesh that is asked everything, the AsyncAPI document from the messages' classes, the
OpenAPI document from the routes of HTTP, the list of what is compatible from the registry, the page
of commands, their manual pages and the completion from their parsers.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import trio

from docs import (
    api_reference,
    asyncapi,
    commands,
    compatibility,
    completion,
    configuration,
    openapi,
    rights,
)
from docs.api_reference import comparable

ROOT = Path(__file__).parent.parent


def pages() -> Mapping[str, str]:
    """Every generated file by its path in the tree, with its text."""
    recorded = trio.run(api_reference.record)
    return {
        "docs/configuration.md": configuration.page(),
        "etc/man/iqrf-trio.toml.5": configuration.manual(),
        "docs/api.md": api_reference.page(recorded),
        "docs/asyncapi.json": asyncapi.document(recorded),
        "docs/openapi.json": openapi.document(),
        "docs/compatibility.md": compatibility.page(),
        "docs/tokens-and-tls.md": rights.page(),
        "docs/commands.md": commands.page(),
        "etc/completions/iqrf-trio.bash": completion.script(),
        **{f"etc/man/{name}": text for name, text in commands.manuals().items()},
    }


def main() -> int:
    """Write or check the pages; returns the exit code."""
    stale = []
    for name, text in pages().items():
        file = ROOT / name
        if file.exists() and comparable(file.read_text("utf-8")) == comparable(text):
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            file.write_text(text, "utf-8")
            sys.stdout.write(f"{name}\n")
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"stale: {', '.join(stale)}; make docs writes them anew\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
