"""`iqrf-trio tls create`: what it makes is a certificate that clients and servers take."""

import json
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio.__main__ import main
from iqrf_trio.edges.tcp.tls import client_context, tls_context


async def test_server_and_client_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tls", "create", "gateway.local", "192.168.1.20", "--output", str(tmp_path)]) == 0
    assert "SHA-256 fingerprint: " in capsys.readouterr().out
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    assert (key.stat().st_mode & 0o777, certificate.stat().st_mode & 0o777) == (0o600, 0o644)
    server = tls_context(certificate, key, "modern")
    for name in ("gateway.local", "192.168.1.20"):
        assert await agree(server, client_context(certificate), name)
    assert not await agree(server, client_context(certificate), "other.local")
    usual = ssl.create_default_context(cafile=str(certificate))
    assert await agree(tls_context(certificate, key, "intermediate"), usual, "gateway.local")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tls", "create", "gateway.local", "--output", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("fingerprint")
    assert told == {
        "certificate": str(tmp_path / "cert.pem"),
        "private_key": str(tmp_path / "key.pem"),
        "names": ["gateway.local"],
    }


async def agree(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    """Whether a client finds the server of this name good."""
    ours, theirs = trio.testing.memory_stream_pair()
    good: list[bool] = []

    async def shake(stream: trio.SSLStream[Any]) -> None:
        try:
            await stream.do_handshake()
            await stream.send_all(b".")
            good.append(await stream.receive_some(1) == b".")
        except trio.BrokenResourceError:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shake, trio.SSLStream(theirs, server, server_side=True))
        nursery.start_soon(shake, trio.SSLStream(ours, client, server_hostname=name))
    return good == [True, True]


def test_nothing_is_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tls", "create", "a", "--output", str(tmp_path)]
    (tmp_path / "cert.pem").write_text("mine")
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["cert.pem"]
    assert main([*words, "--force"]) == 0
    assert (tmp_path / "cert.pem").read_text().startswith("-----BEGIN CERTIFICATE")


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999"])
def test_a_life_that_is_none(days: str) -> None:
    assert main(["tls", "create", "--days", days]) == 2


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert main(["tls", "create", "--output", str(tmp_path)]) == 1
    assert "pip install 'iqrf-trio[vault]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tls", "create", "--output", str(tmp_path / "none")]) == 1
    assert "cannot write in" in capsys.readouterr().err
