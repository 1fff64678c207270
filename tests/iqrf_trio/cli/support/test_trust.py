"""Which gateways the commands trust when they speak TLS: real listeners, real certificates."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.cli import run
from iqrf_trio.simulator.files.plan import generate
from tests.iqrf_trio.cli.gateway import TOKEN, gateway, secured
from tests.iqrf_trio.house import house
from tests.iqrf_trio.rig import CERTIFICATE, KEY
from tests.iqrf_trio.rig import VECTORS as TLS

Command = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in a thread (it has an event loop of its own); (code, stdout, stderr)."""

    async def run(*words: str) -> tuple[int, str, str]:
        code = await trio.to_thread.run_sync(main, words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def call(url: str, *words: str) -> tuple[str, ...]:
    return ("call", "--url", url, "--token", TOKEN, "mngDaemon_Version", *words)


async def test_a_certificate_that_nobody_signed_is_not_trusted_by_itself(command: Command) -> None:
    async with gateway(listening=secured()) as it:
        assert it.url.startswith("wss://127.0.0.1:")
        code, out, err = await command(*call(it.url))
    assert (code, out) == (1, "")
    assert err == (
        f"iqrf-trio: no connection to {it.url}: its certificate is not trusted: self-signed "
        "certificate; trust the one in a file with --ca FILE, or do without checks by --insecure\n"
    )
    assert it.heard == []


@pytest.mark.parametrize(
    ("served", "trusted"),
    [
        ("certificate.pem", "certificate.pem"),
        ("signed-certificate.pem", "authority.pem"),
        ("signed-certificate.pem", "signed-certificate.pem"),
    ],
)
async def test_a_certificate_or_its_authority_can_be_trusted(
    served: str, trusted: str, command: Command
) -> None:
    async with gateway(listening=secured(served)) as it:
        assert await command(*call(it.url, "--ca", str(TLS / trusted))) == (0, "ok\n", "")
        assert len(it.heard) == 1


async def test_trust_is_in_one_certificate_not_in_all(command: Command) -> None:
    async with gateway(listening=secured()) as it:
        for other in ("other-certificate.pem", "authority.pem"):
            code, _, err = await command(*call(it.url, "--ca", str(TLS / other)))
            assert (code, err.count("\n")) == (1, 1)
            assert "its certificate is not trusted: self-signed certificate; trust" in err
    assert it.heard == []


@pytest.mark.parametrize(
    ("served", "host", "reason", "fix"),
    [
        ("certificate.pem", "127.0.0.2", "IP address mismatch, certificate is not valid for",
         "use an address that the certificate is for"),
        ("expired-certificate.pem", "127.0.0.1", "certificate has expired", "renew it"),
    ],
)  # fmt: skip
async def test_a_trusted_certificate_must_fit(
    served: str, host: str, reason: str, fix: str, command: Command
) -> None:
    async with gateway(listening=secured(served, host)) as it:
        code, out, err = await command(*call(it.url, "--ca", str(TLS / served)))
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"its certificate is not trusted: {reason}" in err
        assert f"; {fix}, or do without checks by --insecure" in err
        assert (await command(*call(it.url, "--insecure")))[:2] == (0, "ok\n")


async def test_no_checks_are_made_with_a_warning(command: Command) -> None:
    async with gateway(listening=secured()) as it:
        code, out, err = await command(*call(it.url, "--insecure"))
    assert (code, out) == (0, "ok\n")
    assert err == "warning: the gateway's certificate is not checked; --ca FILE would check it\n"


async def test_watching_trusts_too(command: Command) -> None:
    async with gateway(listening=secured(), greeting=["{}", 1001]) as it:
        words = ("watch", "--url", it.url, "--token", TOKEN, "--raw", "--ca", str(CERTIFICATE))
        code, out, err = await command(*words)
    assert (code, out) == (1, "{}\n")
    assert "it is shutting down" in err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("wss://x", "--ca", "/nowhere.pem"),
         "certificate /nowhere.pem: No such file or directory; give --ca a PEM file"),
        (("wss://x", "--ca", str(KEY)),
         f"certificate {KEY}: is not in PEM form; give --ca a PEM file"),
        (("wss://x", "--ca", str(TLS / "malformed.pem")),
         f"certificate {TLS / 'malformed.pem'}: is malformed; give --ca a PEM file"),
        (("ws://x", "--ca", "c.pem"),
         "--ca is about certificates, and ws://x is without TLS; use wss://, or leave"),
        (("ws://x", "--insecure"),
         "--insecure is about certificates, and ws://x is without TLS; use wss://, or leave"),
    ],
)  # fmt: skip
async def test_words_that_make_no_trust(
    words: tuple[str, ...], error: str, command: Command
) -> None:
    code, out, err = await command(*call(*words))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"iqrf-trio: {error}")


async def test_one_way_to_trust_is_enough(command: Command) -> None:
    code, _, err = await command(*call("wss://x", "--insecure", "--ca", "c.pem"))
    assert (code, err.count("\n")) == (2, 1)
    assert "argument --ca: not allowed with argument --insecure" in err


async def test_a_gateway_that_speaks_tls_alone_is_found_and_read(
    tmp_path: Path, command: Command
) -> None:
    options = ("-c", "/dev/null", "--state-dir", str(tmp_path / "state"))
    tls = ("websocket.port=off", f"websocket.certificate={CERTIFICATE}",
           f"websocket.private_key={KEY}")  # fmt: skip
    sets = (*tls, "websocket.tls_port=0")
    async with house(tmp_path / "state", *sets, mesh=generate(3)) as home:
        port = home.url.rpartition(":")[2]
        sets = (*tls, f"websocket.tls_port={port}")
        found = (*options, *(word for each in sets for word in ("--set", each)))
        backup = ("backup", *found, "--token", home.token)
        code, _, err = await command(*backup)
        assert code == 1
        assert f"no connection to wss://127.0.0.1:{port}: its certificate is not trusted" in err
        code, out, err = await command(*backup, "--ca", str(CERTIFICATE))
        assert (code, err) == (0, "")
        assert out.startswith("snapshot kept: ")


def test_the_command_to_try_trusts_the_gateway_that_was_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run._introduce("wss://127.0.0.1:8338", None, Path(".run/token"), "/etc/my cert.pem")
    assert "call --url wss://127.0.0.1:8338 --ca '/etc/my cert.pem' iqrf" in capsys.readouterr().out
