"""`iqrf-trio import-incumbent`: an old gateway's files become ours, and it is told which."""

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio import config
from iqrf_trio.__main__ import main
from iqrf_trio.store import DATABASE_NAME, devices
from iqrf_trio.store.sqlite import connect
from tests.iqrf_trio.store import old_network
from tests.iqrf_trio.store import test_token_import as old_tokens
from tests.protocol.test_incumbent import SPI, WEBSOCKET


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The configuration directory and databases of an old gateway."""
    directory = tmp_path / "old"
    certificates = directory / "certs/core"
    certificates.mkdir(parents=True)
    names = {"cert": "cert.pem", "privKey": "privkey.pem"}
    for name in names.values():
        (certificates / name).write_text(name)
    paths = {member: str(certificates / name) for member, name in names.items()}
    write(directory, "config.json", {"components": []})
    write(directory, "iqrf__IqrfSpi.json", SPI)
    write(directory, "iqrf__WebsocketMessaging.json", {**WEBSOCKET, **paths})
    (tmp_path / "DB").mkdir()
    old_network.make(tmp_path / "DB" / "IqrfDb.db")
    old_tokens.make(
        tmp_path / "DB" / "IqrfAuthDb.db",
        old_tokens.SCHEMA_4,
        old_tokens.INSERT_4,
        old_tokens.VALID,
    )
    return directory


def write(directory: Path, name: str, content: object) -> None:
    (directory / name).write_text(json.dumps(content))


def take_over(old: Path, *options: str) -> int:
    root = old.parent
    places = {"--databases": "DB", "--output": "etc/ours.toml", "--state-dir": "state"}
    words = [word for name, place in places.items() for word in (name, str(root / place))]
    return main(["import-incumbent", str(old), *words, *options])


def test_everything_that_has_a_counterpart_is_taken(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = old.parent
    assert take_over(old) == 0
    loaded = config.load(root / "etc/ours.toml", (), environment={})
    assert loaded.port.spi.board == "raspberry-pi"
    assert loaded.websocket.tls_port == 8338
    assert loaded.gateway.state_dir == root / "state"
    with closing(connect(root / "state" / DATABASE_NAME)) as connection:
        assert {device.address for device in devices.load(connection)} == {0, 1, 2}
    for file, name in (
        (loaded.websocket.certificate, "cert.pem"),
        (loaded.websocket.private_key, "privkey.pem"),
    ):
        assert Path(file) == root / "etc" / name
        assert Path(file).read_text() == name
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o640
    said = capsys.readouterr().out
    assert "  port.spi.board from iqrf__IqrfSpi.json, whose pins are those of this board" in said
    assert "  3 of 3 devices with their metadata from " in said
    assert "  1 of 1 API tokens from " in said


def test_databases_that_are_not_there_are_told(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("IqrfAuthDb.db", "IqrfDb.db"):
        (old.parent / "DB" / name).unlink()
    assert take_over(old) == 0
    said = capsys.readouterr().out
    assert f"  API tokens: there is no {old.parent / 'DB' / 'IqrfAuthDb.db'}" in said
    assert f"  devices: there is no {old.parent / 'DB' / 'IqrfDb.db'}" in said


def test_a_certificate_that_is_gone_leaves_plain_listeners(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (old / "certs/core/privkey.pem").unlink()
    assert take_over(old) == 0
    loaded = config.load(old.parent / "etc/ours.toml", (), environment={})
    assert (loaded.websocket.port, loaded.websocket.tls_port) == (1338, None)
    assert "No such file or directory; there will be no TLS" in capsys.readouterr().out


def test_what_was_edited_is_not_replaced_unless_it_is_wanted(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = old.parent / "etc/ours.toml"
    output.parent.mkdir()
    output.write_text("# mine\n")
    assert take_over(old) == 1
    assert (
        "was edited; name another --output, or replace it with --force" in capsys.readouterr().err
    )
    assert output.read_text() == "# mine\n"
    assert take_over(old, "--force") == 0
    output.write_text(config.default_file())
    assert take_over(old) == 0


def test_settings_that_make_no_sense_write_nothing(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(old, "iqrf__WebsocketMessaging.json", {**WEBSOCKET, "maxClients": 0})
    assert take_over(old) == 1
    assert "websocket.max_clients must be" in capsys.readouterr().err
    assert not (old.parent / "etc/ours.toml").exists()


def test_files_that_are_no_json_are_left(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (old / "iqrf__IqrfSpi.json").write_text("{")
    assert take_over(old) == 0
    assert "  iqrf__IqrfSpi.json: it is no object" in capsys.readouterr().out


def test_a_directory_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take_over(tmp_path) == 1
    assert "has no config.json" in capsys.readouterr().err


def test_a_database_of_something_else(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (old.parent / "DB/IqrfAuthDb.db").write_bytes(b"no database" * 500)
    assert take_over(old) == 1
    assert "IqrfAuthDb.db" in capsys.readouterr().err
