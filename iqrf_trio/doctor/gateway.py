"""What the gateway that runs on this machine says of itself."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from iqrf_trio.config import Config
from iqrf_trio.doctor.findings import Finding, error, note, ok, warning
from iqrf_trio.doctor.machine import SERVICE
from iqrf_trio.edges.http.client import HttpError, ask
from iqrf_trio.edges.tcp.tls import client_context

PATIENCE_S = 5.0

_ANY = {"*": "127.0.0.1", "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a server is asked that listens on all addresses."""

_LOG = f"journalctl -u {SERVICE} tells more"
_FIXES = {
    "mqtt": "correct [mqtt], see docs/mqtt.md",
    "clock": "sudo timedatectl set-ntp true",
    "store": "make room on the disk, or see whether it is read-only",
    "history": "make room on the disk, or see history.path",
}


def address_of(config: Config) -> str | None:
    """Where the gateway of this configuration answers over HTTP; None where it does not."""
    http = config.http
    scheme, port = ("http", http.port) if http.port else ("https", http.tls_port)
    if not port:
        return None
    host = _ANY.get(http.host, http.host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def examine_gateway(config: Config) -> tuple[Finding, ...]:
    """How all of its parts are. The first finding is OK where it runs, a note where it does not."""
    url = address_of(config)
    if url is None:
        return (note("gateway", "it was not asked, as it has no fixed port for HTTP", ""),)
    try:
        document = await _health(url)
    except HttpError as failure:
        return (note("gateway", f"none answers at {url}: {failure}"),)
    if document is None:
        return (note("gateway", f"what answers at {url} is no gateway that I may ask"),)
    instance = document.get("instance")
    if instance != config.gateway.instance_id:
        return (note("gateway", f"at {url} another one answers, {instance}"),)
    return (
        ok("gateway", f"version {document.get('version')} answers at {url}"),
        *_parts(document["checks"]),
    )


async def _health(url: str) -> Mapping[str, Any] | None:
    """The health that it tells; None where that is none. Raises HttpError."""
    # It is the certificate of this very machine, and no secret is shown to it.
    context = client_context(verify=False) if url.startswith("https") else None
    async with ask(url, "/healthz", ssl_context=context, timeout_s=PATIENCE_S) as reply:
        body = await reply.body()
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    known = isinstance(document, dict) and isinstance(document.get("checks"), dict)
    return document if known else None


def _parts(checks: Mapping[str, Any]) -> Iterator[Finding]:
    for name, check in checks.items():
        status, reason = check.get("status"), check.get("reason", "")
        if status == "pass":
            yield ok(f"gateway-{name}", reason or "it is well")
            continue
        bad = error if status == "fail" else warning
        yield bad(f"gateway-{name}", reason, _FIXES.get(name, _LOG))
