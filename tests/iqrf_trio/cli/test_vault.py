"""backup, restore and vault: on a gateway that runs, and on its state directory when none does."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest
import trio
from attrs import evolve

from iqrf_trio.__main__ import main
from iqrf_trio.cli.support import local_token
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store import DATABASE_NAME, tokens
from iqrf_trio.store.sqlite import connect
from tests.iqrf_trio.house import House, ask, authenticated, heard, house, request

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IQRF_TRIO_STATE_DIR", "IQRF_TRIO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def words(tmp_path: Path, *more: str) -> list[str]:
    """The options of a gateway on a simulated mesh, with a flash that is a file."""
    return [
        *("-c", "/dev/null", "--simulate", "--state-dir", str(tmp_path / "state")),
        *("--set", "websocket.port=0", "--set", "simulator.speed=0"),
        *("--set", f"vault.device={tmp_path / 'chip'}"),
        *more,
    ]


def offline(capsys: Capture, tmp_path: Path, command: str, *more: str, code: int = 0) -> str:
    """What a command says while no gateway runs."""
    assert main([*command.split(), *words(tmp_path), *more]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def shown_rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[1:]]


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def test_everything_can_be_had_as_json(tmp_path: Path, capsys: Capture) -> None:
    kept = json.loads(offline(capsys, tmp_path, "backup --json"))
    assert [Path(name).name.partition("-")[0] for name in kept] == ["000001", "flash 1"]
    [one, two] = json.loads(offline(capsys, tmp_path, "vault list --json"))
    assert one["whole"] == two["whole"] == "yes"
    shown = json.loads(offline(capsys, tmp_path, "vault show --json"))
    assert shown["coordinator"]["nodes"] == list(range(1, 13))
    assert {part["name"] for part in shown["parts"]} >= {"coordinator", "database"}
    said = offline(capsys, tmp_path, "restore --dry-run --force --json").splitlines()
    assert json.loads(said[0])["part"] == "snapshot"


def test_a_snapshot_is_made_listed_checked_and_shown(tmp_path: Path, capsys: Capture) -> None:
    said = offline(capsys, tmp_path, "backup").splitlines()
    assert said[0].startswith(f"snapshot kept: {tmp_path}/state/vault/000001-")
    assert said[1] == "snapshot kept: flash 1"
    assert offline(capsys, tmp_path, "backup") == "nothing has changed since the last snapshot\n"
    rows = shown_rows(offline(capsys, tmp_path, "vault list"))
    assert [row[-5:] for row in rows] == [["81044CB6", "12", rows[0][-3], "no", "yes"]] * 2
    assert len(shown_rows(offline(capsys, tmp_path, "vault list", "--flash"))) == 1
    assert offline(capsys, tmp_path, "vault verify")
    shown = offline(capsys, tmp_path, "vault show")
    assert "coordinator  81044CB6, DPA 4.17, nodes 1-12" in shown
    assert "no devices" in shown


def test_damage_is_found(tmp_path: Path, capsys: Capture) -> None:
    offline(capsys, tmp_path, "backup")
    (file,) = (tmp_path / "state" / "vault").glob("000001-*")
    damage(file)
    assert main(["vault", "verify", *words(tmp_path)]) == 1
    rows = shown_rows(capsys.readouterr().out)
    assert [row[-1] for row in rows] == ["damaged", "yes"]
    assert "is damaged" in offline(capsys, tmp_path, "restore", "--file", str(file), code=1)
    # The newest whole one is taken by itself.
    assert "flash 1" in offline(capsys, tmp_path, "restore", "--dry-run")


def test_keys_and_hashes_are_not_shown(tmp_path: Path, capsys: Capture) -> None:
    database = tmp_path / "state" / DATABASE_NAME
    secret = local_token.make(database)
    with closing(connect(database)) as connection:
        (token,) = tokens.all_of_them(connection)
    offline(capsys, tmp_path, "backup", "--nodes")
    shown = offline(capsys, tmp_path, "vault show")
    assert "local" in shown
    assert token.hash not in shown
    assert secret.split(";")[2] not in shown
    assert "node backups 1-12" in shown
    coordinator = generate(12).coordinator.bonds.backup(0).hex()
    assert coordinator[:24] not in shown
    configuration = offline(capsys, tmp_path, "vault show", "--configuration")
    assert f'state_dir = "{tmp_path}/state"' in configuration


@pytest.mark.slow
def test_a_foreign_coordinator_takes_force(tmp_path: Path, capsys: Capture) -> None:
    offline(capsys, tmp_path, "backup", "--file", str(tmp_path / "mine"))
    other = ("--file", str(tmp_path / "mine"), "--set", "simulator.seed=2")
    error = offline(capsys, tmp_path, "restore", *other, code=1)
    assert error == (
        "iqrf-trio: the coordinator 8101CF44 has 12 nodes of its own; the snapshot is of "
        "81044CB6; restore it nevertheless with --force\n"
    )
    said = offline(capsys, tmp_path, "restore", *other, "--force")
    assert "what was there before is kept: " in said
    assert "the coordinator is restored and was read back" in said
    kept = list((tmp_path / "state" / "vault").iterdir())
    assert [file.name[:15] for file in kept] == ["before-restore-"]
    shown = offline(capsys, tmp_path, "vault show", "--file", str(kept[0]))
    assert "8101CF44" in shown


@pytest.mark.slow
def test_an_encrypted_snapshot_takes_its_passphrase(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "passphrase"
    file.touch(0o600)
    file.write_text("correct horse\n")
    secret = ("--set", f"vault.passphrase_file={file}")
    offline(capsys, tmp_path, "backup", *secret)
    assert shown_rows(offline(capsys, tmp_path, "vault verify"))[0][-2:] == ["yes", "yes"]
    error = offline(capsys, tmp_path, "restore", code=1)
    assert "the snapshot is encrypted, and there is no passphrase; name its file" in error
    said = offline(capsys, tmp_path, "restore", *secret)
    assert "the database is restored and was read back" in said
    file.write_text("wrong horse\n")
    assert "does not fit" in offline(capsys, tmp_path, "restore", *secret, code=1)
    file.chmod(0o644)
    assert "others can read" in offline(capsys, tmp_path, "backup", *secret, code=2)


@pytest.mark.parametrize(
    ("command", "more", "error"),
    [
        ("restore", (), "there is no whole snapshot in files and flash; name one with --file"),
        ("restore", ("--file", "nowhere"), "cannot read nowhere: No such file or directory"),
        ("restore", ("--file", "/dev/null"), "this is no snapshot of iqrf-trio"),
        ("vault show", (), "there is no whole snapshot"),
        ("backup", ("--flash", "--set", "vault.device="), "no flash is configured; name it with"),
        ("vault list", ("--flash", "--set", "vault.device="), "no flash is configured"),
        ("backup", ("--file", "nowhere/f"), "cannot write nowhere/f: No such file or directory"),
        ("backup", ("--set", "vault.device=/nowhere/chip"), "simulated flash /nowhere/chip: No"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    command: str, more: tuple[str, ...], error: str, tmp_path: Path, capsys: Capture
) -> None:
    said = offline(capsys, tmp_path, command, *more, code=1)
    assert error in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("device", "error"),
    [
        ("/dev/spidev0.0", "vault.device is the device of the IQRF module"),
        ("/dev/ttyS0", 'vault.device is "/dev/ttyS0", which is no SPI device'),
    ],
)
def test_a_flash_has_a_chip_select_of_its_own(
    device: str, error: str, tmp_path: Path, capsys: Capture
) -> None:
    options = ["--state-dir", str(tmp_path), "--set", f"vault.device={device}"]
    assert main(["vault", "list", "-c", "/dev/null", *options]) == 2
    assert error in capsys.readouterr().err


# While a gateway runs.


async def run(home: House, tmp_path: Path, command: str, *more: str) -> int:
    """Run a command at the side of a gateway."""
    online = [*words(tmp_path), "--url", home.url, "--token", home.token, *more]
    return await trio.to_thread.run_sync(main, [*command.split(), *online])


@asynccontextmanager
async def enumerated(tmp_path: Path, nodes: int) -> AsyncIterator[House]:
    sets = (f"vault.device={tmp_path / 'chip'}", "websocket.async_messages=false")
    async with house(tmp_path / "state", *sets, mesh=generate(nodes)) as home:
        async with authenticated(home) as connection:
            await connection.send(request("iqrfDb_Enumerate", {"standards": True}))
            while (await heard(connection))["rsp"]["step"] < 8:
                pass
            metadata = {"address": 7, "metadata": {"room": "attic"}}
            await ask(connection, "iqrfDb_SetDeviceMetadata", {"devices": [metadata]})
        yield home


@pytest.mark.slow
async def test_fifty_nodes_survive_the_loss_of_coordinator_and_card(
    tmp_path: Path, capsys: Capture
) -> None:
    async with enumerated(tmp_path, 50) as home:
        assert await run(home, tmp_path, "backup", "--flash") == 0
        assert capsys.readouterr().out == "snapshot kept: flash 1\n"
        before = home.gateway.store.network
        # The module dies.
        home.mesh.replace_coordinator(0x81FFFFFF)
        assert await run(home, tmp_path, "restore", "--flash", "--coordinator", "--dry-run") == 0
        assert capsys.readouterr().out.splitlines()[1:] == [
            "coordinator: nodes: 0 now, 50 then",
            "coordinator: known again: 1-50",
        ]
        assert not home.mesh.coordinator.bonds.mids
        assert await run(home, tmp_path, "restore", "--flash", "--coordinator") == 0
        async with authenticated(home) as connection:
            for address in range(1, 51):
                led = f"{address:02x}.00.06.03.ff.ff"
                assert (await ask(connection, "iqrfRaw", {"rData": led}))["status"] == 0
        token = home.token
    # The card dies.
    shutil.rmtree(tmp_path / "state")
    capsys.readouterr()
    async with house(tmp_path / "state", f"vault.device={tmp_path / 'chip'}") as home:
        assert len(home.gateway.store.network) == 0
        assert await run(home, tmp_path, "restore", "--flash", "--database") == 0
        assert "database: known again: 0-50" in capsys.readouterr().out
        # The gateway notices by itself within half a second; asking is sooner.
        await home.gateway.store.changed()
        after = home.gateway.store.network
        assert [device.mid for device in after] == [device.mid for device in before]
        assert [device.product for device in after] == [device.product for device in before]
        device = after.get(7)
        assert device is not None
        assert device.metadata == {"room": "attic"}
        # Clients still have the tokens that they had.
        async with authenticated(evolve(home, token=token)) as old:
            assert (await ask(old, "mngDaemon_Version"))["status"] == 0


@pytest.mark.slow
async def test_an_empty_gateway_restores_itself_where_it_may(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with enumerated(tmp_path, 7) as home:
        assert await run(home, tmp_path, "backup") == 0
        before = [device.mid for device in home.gateway.store.network]
    shutil.rmtree(tmp_path / "state")
    device = f"vault.device={tmp_path / 'chip'}"
    async with house(tmp_path / "state", device) as home:
        assert len(home.gateway.store.network) == 0
        assert "iqrf-trio restore --flash --database" in caplog.text
    shutil.rmtree(tmp_path / "state")
    async with house(tmp_path / "state", device, "vault.auto_restore=true") as home:
        assert [device.mid for device in home.gateway.store.network] == before
        assert "the empty database was restored" in caplog.text


async def test_a_gateway_that_runs_is_found_by_its_configuration(
    tmp_path: Path, capsys: Capture
) -> None:
    async with house(tmp_path / "state", mesh=generate(3)) as home:
        port = home.url.rpartition(":")[2]
        found = ["--set", f"websocket.port={port}", "--token", home.token]
        options = ["backup", *words(tmp_path), *found]
        assert await trio.to_thread.run_sync(main, options) == 0
        assert await trio.to_thread.run_sync(main, ["vault", "list", *words(tmp_path)]) == 0
        assert {row[-4] for row in shown_rows(capsys.readouterr().out)[2:]} == {"3"}
        assert await trio.to_thread.run_sync(main, ["backup", *options[1:-2]]) == 2
        assert "there is no API token" in capsys.readouterr().err


async def test_the_database_of_another_gateway_is_not_made_up(
    tmp_path: Path, capsys: Capture
) -> None:
    async with house(tmp_path / "state", mesh=generate(3)) as home:
        nowhere = tmp_path / "nowhere"
        options = ["backup", *words(tmp_path), "--state-dir", str(nowhere)]
        found = ["--url", home.url, "--token", home.token]
        assert await trio.to_thread.run_sync(main, [*options, *found]) == 1
        assert not nowhere.exists()
        assert f"there is no database in {nowhere}; name its directory" in capsys.readouterr().err


@pytest.mark.parametrize("found", ["url", "port"])
@pytest.mark.parametrize("command", ["backup", "restore --force", "restore --coordinator"])
async def test_two_gateways_are_not_joined(
    command: str, found: str, tmp_path: Path, capsys: Capture
) -> None:
    mine, other = tmp_path / "state", tmp_path / "other"
    offline = partial(trio.to_thread.run_sync, main)
    async with house(mine, mesh=generate(3)):
        pass
    file = str(tmp_path / "snapshot")
    assert await offline(["backup", *words(tmp_path), "--file", file]) == 0
    before = sorted(mine.rglob("*"))
    async with house(other, mesh=generate(2)) as home:
        port = home.url.rpartition(":")[2]
        where = {"url": ("--url", home.url), "port": ("--set", f"websocket.port={port}")}
        capsys.readouterr()
        more = [*words(tmp_path), "--file", file, *where[found], "--token", home.token]
        assert await offline([*command.split(), *more]) == 1
        assert capsys.readouterr().err == (
            "iqrf-trio: the gateway that answers is another one: the database in "
            f"{mine} does not hold the token that it took; name its directory with --state-dir, "
            "or the other's --url\n"
        )
        assert len(home.mesh.coordinator.bonds.mids) == 2
    assert sorted(mine.rglob("*")) == before


async def test_a_restore_makes_no_database_beside_another_gateway(
    tmp_path: Path, capsys: Capture
) -> None:
    file, nowhere = str(tmp_path / "snapshot"), tmp_path / "nowhere"
    async with house(tmp_path / "state", mesh=generate(3)) as home:
        assert await run(home, tmp_path, "backup", "--file", file) == 0
        more = ("--file", file, "--state-dir", str(nowhere))
        assert await run(home, tmp_path, "restore", *more) == 1
        assert not nowhere.exists()
        assert f"there is no database in {nowhere}; name its directory" in capsys.readouterr().err


async def test_the_snapshot_before_a_restore_through_the_api_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path / "state", mesh=generate(3)) as home:
        async with authenticated(home) as connection:
            backup = await ask(connection, "iqmeshNetwork_Backup", {"deviceAddr": 0})
            data = backup["rsp"]["devices"][0]["data"]
            answer = await ask(connection, "iqmeshNetwork_Restore", {"deviceAddr": 0, "data": data})
            assert answer["status"] == 0, json.dumps(answer)
        (shelf,) = home.gateway.keeper.shelves
        assert len(await shelf.entries()) == 1
