"""`iqrf-trio db`: what it says, and where it looks for the database."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.__main__ import main
from iqrf_trio.store import DATABASE_NAME, devices, occupied
from iqrf_trio.store.sqlite import connect, transact
from protocol.network.network import Device, Network
from tests.iqrf_trio.store import old_network


@pytest.fixture
def old(tmp_path: Path) -> str:
    return str(old_network.make(tmp_path / "IqrfDb.db"))


def addresses(state: Path) -> list[int]:
    with closing(connect(state / DATABASE_NAME, create=False)) as connection:
        return [device.address for device in devices.load(connection)]


def test_import(old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "import", old, "--state-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "3 of 3 devices are taken over.\nLost: metadata of device 2: no JSON.\n"
    )
    assert addresses(tmp_path) == [0, 1, 2]


def test_import_told_as_json(old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "import", old, "--json", "--state-dir", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("lost")[0].startswith("metadata of device 2: no JSON")
    assert told == {
        "devices": 3,
        "added": [0, 1, 2],
        "completed": [],
        "refused": [],
        "other_metadata": [],
        "kept": 0,
    }


def test_what_was_known_already(
    old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Network.of([Device(0, 2164293634), Device(1, 5)])
    with closing(connect(tmp_path / DATABASE_NAME)) as connection:
        transact(connection, lambda each: devices.save(each, known))
    assert main(["db", "import", old, "--state-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 of 3 devices are taken over.",
        "Known already, but completed: 0.",
        "Left out, as other modules have their addresses: 1.",
        "Lost: metadata of device 2: no JSON.",
    ]


def test_the_directory_by_environment_and_by_configuration(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQRF_TRIO_STATE_DIR", str(tmp_path / "one"))
    assert main(["db", "import", old]) == 0
    assert addresses(tmp_path / "one") == [0, 1, 2]
    monkeypatch.delenv("IQRF_TRIO_STATE_DIR")
    file = tmp_path / "iqrf-trio.toml"
    file.write_text(f'[gateway]\nstate_dir = "{tmp_path / "two"}"\n')
    assert main(["db", "import", old, "-c", str(file)]) == 0
    assert addresses(tmp_path / "two") == [0, 1, 2]


def test_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "missing")
    assert main(["db", "import", missing, "--state-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"iqrf-trio: there is no file {missing}\n"
    assert main(["db", "import", missing, "-c", missing]) == 2
    assert main(["db"]) == 2
    assert main(["db", "export"]) == 2


def test_new_begins_anew_and_keeps_what_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / DATABASE_NAME
    with closing(connect(database)) as connection:
        transact(connection, lambda each: devices.save(each, Network.of([Device(0, 5)])))
    assert main(["db", "new", "--state-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert addresses(tmp_path) == []
    (aside,) = tmp_path.glob(f"{DATABASE_NAME}.set-aside-*")
    assert f"{database} is new and empty" in told
    assert f"kept as {aside}" in told
    with closing(connect(aside)) as connection:
        assert [device.mid for device in devices.load(connection)] == [5]


def test_new_where_the_database_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / f"{DATABASE_NAME}.backup-20260101T120000.000000Z"
    backup.touch()
    state = ["--state-dir", str(tmp_path)]
    assert main(["token", "create", *state, "-o", "me", "-e", "1d"]) == 1
    assert "iqrf-trio db new" in capsys.readouterr().err
    assert main(["db", "new", *state]) == 0
    assert "kept" not in capsys.readouterr().out
    assert main(["token", "create", *state, "-o", "me", "-e", "1d"]) == 0
    assert backup.exists()


def test_new_makes_the_first_one_too(tmp_path: Path) -> None:
    assert main(["db", "new", "--state-dir", str(tmp_path / "state")]) == 0
    assert addresses(tmp_path / "state") == []


def test_new_is_refused_while_a_gateway_works_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(tmp_path / DATABASE_NAME).close()
    with occupied(tmp_path):
        assert main(["db", "new", "--state-dir", str(tmp_path)]) == 1
    assert "another gateway works in" in capsys.readouterr().err
    assert not list(tmp_path.glob("*set-aside*"))


def test_new_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["db", "new", "--json", "--state-dir", str(tmp_path)]
    database = str(tmp_path / DATABASE_NAME)
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"database": database, "former": None}
    assert main(words) == 0
    assert ".set-aside-" in json.loads(capsys.readouterr().out)["former"]
