"""`iqrf-trio import-incumbent`: an old gateway's files become ours, and it is told which."""

import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from iqrf_trio import config
from iqrf_trio.__main__ import main
from iqrf_trio.store import DATABASE_NAME, devices, tasks
from iqrf_trio.store.sqlite import connect
from protocol.tasks.book import MAX_TASKS
from protocol.tasks.task import Task
from tests.iqrf_trio.config.incumbent.test_tasks import ID, PULSE, of_2_0, of_2_2, of_2_7
from tests.iqrf_trio.config.incumbent.test_translation import MESSAGING, SPI, WEBSOCKET, service
from tests.iqrf_trio.house import house
from tests.iqrf_trio.store import old_info, old_network
from tests.iqrf_trio.store import test_token_import as old_tokens


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
    places = {
        "--databases": "DB",
        "--tasks": "scheduler",
        "--output": "etc/ours.toml",
        "--state-dir": "state",
    }
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


def test_metadata_are_taken_or_named(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(older.parent / "DB/IqrfInfo.db")) as info, info:
        info.execute("UPDATE Node SET MetaData = '{\"a\":1}' WHERE Mid = 2165406755")
    assert take_over(older) == 0
    said = capsys.readouterr().out
    assert "  metadata of 1 modules that are not in the network, for when they come" in said
    assert "  metadata of device 3: n: " in said
    path = older.parent / "state" / DATABASE_NAME
    with closing(connect(path)) as connection, connection:
        devices.set_metadata(connection, {2: {"b": 1}})
    assert take_over(older, "--force") == 0
    said = capsys.readouterr().out
    assert "  metadata of the devices at 2: they have other metadata here" in said


def test_json(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take_over(old, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == str(old.parent / "etc/ours.toml")
    assert told.keys() == {"written", "lost", "taken", "left"}
    assert any("3 of 3 devices" in line for line in told["taken"])


@pytest.fixture
def older(old: Path) -> Path:
    """The same of version 2.6: a listener with TLS alone, for all, in a file of its own."""
    certificate, key = (str(old / "certs/core" / name) for name in ("cert.pem", "privkey.pem"))
    listener = service(
        tlsEnabled=True, acceptOnlyLocalhost=False, certificate=certificate, privateKey=key
    )
    write(old, "iqrf__WebsocketMessaging.json", MESSAGING)
    write(old, "shape__WebsocketCppService.json", listener)
    for name in ("IqrfDb.db", "IqrfAuthDb.db"):
        (old.parent / "DB" / name).unlink()
    old_info.make(old.parent / "DB/IqrfInfo.db")
    return old


def test_a_gateway_of_2_6(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = older.parent
    assert take_over(older) == 0
    loaded = config.load(root / "etc/ours.toml", (), environment={})
    assert (loaded.websocket.host, loaded.websocket.port) == ("*", None)
    assert loaded.websocket.tls_port == 1338
    assert loaded.websocket.certificate == str(root / "etc/cert.pem")
    with closing(connect(root / "state" / DATABASE_NAME)) as connection:
        network = devices.load(connection)
    assert {device.address for device in network} == {0, 1, 2, 3}
    assert "  4 of 4 devices with their metadata from " in capsys.readouterr().out


def test_of_two_databases_of_devices_the_newer_counts(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_info.make(old.parent / "DB/IqrfInfo.db")
    assert take_over(old) == 0
    said = capsys.readouterr().out
    assert "  3 of 3 devices with their metadata from " in said
    assert "IqrfInfo.db: IqrfDb.db is newer" in said


@pytest.mark.parametrize("spoil", ["gone", "unnamed"])
def test_without_its_certificate_a_tls_listener_for_all_becomes_no_plain_one_for_all(
    older: Path, spoil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if spoil == "gone":
        (older / "certs/core/privkey.pem").unlink()
    else:
        listener = service(tlsEnabled=True, acceptOnlyLocalhost=False, certificate="")
        write(older, "shape__WebsocketCppService.json", listener)
    assert take_over(older) == 0
    loaded = config.load(older.parent / "etc/ours.toml", (), environment={})
    assert (loaded.websocket.host, loaded.websocket.tls_port) == ("127.0.0.1", None)
    assert "no TLS, and the plain port is for this machine only" in capsys.readouterr().out


def test_what_is_lost_is_named_first(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mqtt = {"component": "iqrf::MqttMessaging", "BrokerAddr": "ws://10.0.0.1:1883"}
    write(old, "iqrf__MqttMessaging.json", mqtt)
    folder = old.parent / "scheduler"
    folder.mkdir()
    blink = {"description": "blink\x1b", "timeSpec": {"periodic": True, "period": 60}}
    write(folder, "1.json", blink)
    assert take_over(old) == 0
    assert capsys.readouterr().out.startswith(
        "Lost, for nothing here does it:\n"
        "  task blink?: every 60 s, no known message: clientId: must be a string, not null; "
        "1.json\n"
        "  MQTT: clients of ws://10.0.0.1:1883 are not served, its address is none that is known "
        "here; iqrf__MqttMessaging.json\n"
        "Written: "
    )


def scheduled(old: Path) -> Path:
    """Tasks of three versions, in the folder of the scheduler and in that of the configuration."""
    folder = old.parent / "scheduler"
    folder.mkdir()
    write(folder, f"{ID}.json", of_2_7())
    write(folder, "1736.json", of_2_2(description="check"))
    (folder / "0.json").write_text("{")
    (old / "Scheduler").mkdir()
    write(old / "Scheduler", "Tasks.json", of_2_0({"description": "read"}))
    return folder


def kept(old: Path) -> list[Task]:
    """The tasks in our database."""
    with closing(connect(old.parent / "state" / DATABASE_NAME)) as connection:
        return sorted(tasks.load(connection), key=lambda task: task.description)


def test_tasks_are_taken(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scheduled(old)
    assert take_over(old) == 0
    blink, check, read = kept(old)
    assert [each.description for each in (blink, check, read)] == ["blink", "check", "read"]
    assert all(each.persist and each.enabled and each.owner is None for each in kept(old))
    said = capsys.readouterr().out
    assert said.startswith(
        "Lost, for nothing here does it:\n  task in 0.json: unexpected end of data"
    )
    assert f"  3 of 3 tasks from {folder}" in said
    assert "  tasks.answers_to_all from the tasks, as it was" in said
    # Whoever heard the answers there hears them here.
    assert config.load(old.parent / "etc/ours.toml", (), environment={}).tasks.answers_to_all


def test_tasks_that_are_here_are_not_replaced(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scheduled(old)
    assert take_over(old) == 0
    before = kept(old)
    write(folder, f"{ID}.json", of_2_7(description="changed since"))
    write(folder, "1737.json", of_2_2(taskId=1737, description="new"))
    assert take_over(old, "--force") == 0
    assert [each for each in kept(old) if each.description != "new"] == before
    said = capsys.readouterr().out
    assert f"  task {ID}: a task of this id is here already" in said
    assert f"  1 of 4 tasks from {folder}" in said


def test_there_are_not_more_tasks_than_may_be(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = old.parent / "scheduler"
    folder.mkdir()
    write(folder, "all.json", [of_2_2(taskId=number) for number in range(MAX_TASKS - 1)])
    assert take_over(old) == 0
    write(folder, "all.json", [of_2_2(taskId=-1), of_2_2(taskId=-2)])
    capsys.readouterr()
    assert take_over(old, "--force") == 0
    assert len(kept(old)) == MAX_TASKS
    assert f"there are {MAX_TASKS} tasks already" in capsys.readouterr().out


def test_without_tasks_of_websocket_clients_answers_stay_with_the_owner(old: Path) -> None:
    folder = old.parent / "scheduler"
    folder.mkdir()
    quiet = {"messaging": [{"type": "mqtt", "instance": "MqttMessaging"}], "message": PULSE}
    write(folder, "1.json", of_2_7(task=quiet))
    assert take_over(old) == 0
    assert len(kept(old)) == 1
    assert not config.load(old.parent / "etc/ours.toml", (), environment={}).tasks.answers_to_all


def test_tasks_that_were_exported(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = old.parent / "tasks.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(f"{ID}.json", json.dumps(of_2_7(active=True)))
        made.writestr("readme.txt", "no task")
    assert take_over(old, "--tasks", str(archive)) == 0
    assert [each.task_id for each in kept(old)] == [ID]
    archive.write_bytes(archive.read_bytes().replace(b"blink", b"blonk"))
    capsys.readouterr()
    assert take_over(old, "--tasks", str(archive), "--force") == 1
    assert "tasks.zip" in capsys.readouterr().err


def test_a_file_of_tasks_by_its_name(old: Path) -> None:
    file = old.parent / "mine.json"
    file.write_text(json.dumps(of_2_0({}, {"time": "@daily"})))
    assert take_over(old, "--tasks", str(file)) == 0
    assert len(kept(old)) == 2


async def test_a_task_that_came_in_runs_and_answers(old: Path, tmp_path: Path) -> None:
    folder = old.parent / "scheduler"
    folder.mkdir()
    version = {"mType": "mngDaemon_Version", "data": {"msgId": "stored"}}
    item = {"messaging": "WebsocketMessaging", "message": version}
    periodic = {"cronTime": "", "exactTime": False, "periodic": True, "period": 60, "startTime": ""}
    write(folder, "1.json", of_2_2(task=item, timeSpec=periodic))
    assert await trio.to_thread.run_sync(take_over, old) == 0
    (task,) = kept(old)
    where = tmp_path / "house"
    where.mkdir()
    (old.parent / "state" / DATABASE_NAME).rename(where / DATABASE_NAME)
    async with house(where, "tasks.answers_to_all=true") as home:
        while (run := home.gateway.tasks.book.get(task.client_id, task.task_id).run) is None:
            await trio.lowlevel.checkpoint()
        while run is None or run.ended is None:
            await trio.lowlevel.checkpoint()
            run = home.gateway.tasks.book.get(task.client_id, task.task_id).run
        assert run.status == 0
        answer: Any = run.answer
        assert answer["data"]["msgId"] == "stored"


def test_the_password_of_a_broker_gets_a_file(old: Path) -> None:
    mqtt = {
        "component": "iqrf::MqttMessaging",
        "BrokerAddr": "tcp://10.0.0.1:1883",
        "TopicRequest": "Iqrf/DpaRequest",
        "TopicResponse": "Iqrf/DpaResponse",
        "User": "gw",
        "Password": "secret",
    }
    write(old, "iqrf__MqttMessaging.json", mqtt)
    assert take_over(old) == 0
    ours = old.parent / "etc/ours.toml"
    loaded = config.load(ours, (), environment={})
    password = Path(loaded.mqtt.password_file)
    assert password.read_text() == "secret\n"
    assert not password.stat().st_mode & 0o007
    assert "secret" not in ours.read_text()


def test_files_that_are_replaced_are_kept(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = old.parent / "etc"
    ours.mkdir()
    (ours / "ours.toml").write_text("# mine\n")
    (ours / "cert.pem").write_text("my certificate")
    assert take_over(old, "--force") == 0
    assert (ours / "ours.toml.bak").read_text() == "# mine\n"
    assert (ours / "cert.pem.bak").read_text() == "my certificate"
    assert (ours / "cert.pem").read_text() == "cert.pem"
    assert f"  {ours / 'ours.toml.bak'} is the file that was there" in capsys.readouterr().out
    (ours / "ours.toml").write_text("# mine again\n")
    assert take_over(old, "--force") == 0
    assert (ours / "ours.toml.bak").read_text() == "# mine\n"
    assert (ours / "ours.toml.bak.1").read_text() == "# mine again\n"
    assert not (ours / "cert.pem.bak.1").exists()


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(old: Path) -> None:
    ours, elsewhere = old.parent / "etc", old.parent / "elsewhere"
    ours.mkdir()
    elsewhere.write_text("another's")
    (ours / "cert.pem").symlink_to(elsewhere)
    assert take_over(old) == 0
    assert elsewhere.read_text() == "another's"
    assert not (ours / "cert.pem").is_symlink()
    assert (ours / "cert.pem.bak").is_symlink()


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
    taken, _, left = capsys.readouterr().out.partition("Left:")
    assert "No such file or directory; there will be no TLS" in left
    names = ("certificate", "private_key", "tls_port", "tls_mode")
    assert not [name for name in names if f"websocket.{name} from" in taken]
    assert "websocket.port from" in taken


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
