"""The database as one value: all that is not measured comes back, whatever was there meanwhile."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

from iqrf_trio.store import Store, StoreError, archive, devices, tokens
from iqrf_trio.store.settings import get, save
from iqrf_trio.store.sqlite import Connection, connect, in_memory, migrate, migrations, transact
from protocol.auth.rights import MANAGE
from protocol.auth.tokens import Status
from protocol.network.network import Network
from tests.iqrf_trio.store.networks import AT, networks

LATER = AT + timedelta(days=1)


def fresh() -> Connection:
    connection = in_memory()
    migrate(connection, migrations())
    return connection


def token(connection: Connection, owner: str) -> int:
    text = tokens.create(
        connection, owner=owner, created_at=AT, expires_at=AT + timedelta(days=9), rights=MANAGE
    )
    return text.id


def brought_back(data: bytes, connection: Connection) -> None:
    rows = archive.unpack(data)
    transact(connection, lambda inside: archive.restore(inside, rows))


def unmeasured(network: Network) -> Network:
    return Network.of(
        evolve(
            device,
            sensors=tuple(evolve(each, value=None, updated=None) for each in device.sensors),
        )
        for device in network
    )


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(networks(twins=True), networks())
def test_any_network_replaces_any_other(kept: Network, other: Network) -> None:
    with closing(fresh()) as source, closing(fresh()) as target:
        devices.save(source, kept)
        data = archive.pack(source)
        devices.save(target, other)
        brought_back(data, target)
        assert devices.load(target) == unmeasured(kept)
        assert archive.pack(target) == data


async def test_a_store_gives_and_takes_everything(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "a.db") as store:
        await store.save_setting("period", 10)
        data = await store.archive()
        await store.save_setting("period", 20)
        assert await store.archive() != data
        await store.restore(data)
        assert await store.setting("period") == 10


def test_tokens_and_settings_come_back() -> None:
    with closing(fresh()) as source, closing(fresh()) as target:
        token(source, "one")
        save(source, "period", 10)
        brought_back(archive.pack(source), target)
        assert tokens.all_of_them(target) == tokens.all_of_them(source)
        assert get(target, "period") == 10
        # Its number is never given again.
        assert token(target, "two") == 2


def test_a_token_that_was_revoked_since_stays_revoked() -> None:
    with closing(fresh()) as connection:
        first, second = token(connection, "one"), token(connection, "two")
        data = archive.pack(connection)
        tokens.revoke(connection, first, LATER)
        third = token(connection, "three")
        brought_back(data, connection)
        assert tokens.get(connection, first).status is Status.REVOKED
        assert tokens.get(connection, second).status is Status.VALID
        assert tokens.get(connection, third).owner == "three"


def test_the_snapshot_wins_where_a_number_is_two_tokens() -> None:
    with closing(fresh()) as source, closing(fresh()) as target:
        token(source, "installed everywhere")
        token(target, "made after the accident")
        brought_back(archive.pack(source), target)
        assert [each.owner for each in tokens.all_of_them(target)] == ["installed everywhere"]


def test_an_archive_of_an_older_version_is_brought_up_to_date() -> None:
    with closing(in_memory()) as old, closing(fresh()) as target:
        migrate(old, migrations()[:1])
        old.execute(
            "INSERT INTO device (mid, address, discovered, vrn, zone, standards_known, "
            "binary_outputs, light) VALUES (7, 3, 1, 1, 0, 1, 0, 0)"
        )
        brought_back(archive.pack(old), target)
        device = devices.load(target).get(3)
        assert device is not None
        assert device.responding


def changed(**members: Any) -> bytes:
    with closing(fresh()) as connection:
        token(connection, "one")
        value = orjson.loads(archive.pack(connection))
    return orjson.dumps(value | members)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "makes no sense"),
        (b"[]", "makes no sense"),
        (b"\xff", "makes no sense"),
        (b"{}", "makes no sense"),
        (changed(version="1"), "not laid out as ours"),
        (changed(version=99), "has version 99"),
        (changed(version=-1), "not laid out as ours"),
        (changed(tables={}), "not laid out as ours"),
        (changed(tables=5), "makes no sense"),
        (changed(tables=dict.fromkeys(archive._TABLES, 5)), "not laid out as ours"),
    ],
)
def test_what_is_no_archive_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        archive.unpack(data)


@pytest.mark.parametrize(
    "row",
    [
        5,
        {"key": "a", "value": {}},
        {"key": "a", "secret": "b"},
        {"key, value) VALUES (1, 2); --": 1},
        {"value": "1"},
    ],
)
def test_rows_that_make_no_sense_leave_everything_as_it_was(row: object, tmp_path: Path) -> None:
    tables = orjson.loads(changed())["tables"] | {"setting": [row]}
    with closing(connect(tmp_path / "a.db")) as connection:
        transact(connection, lambda inside: save(inside, "period", 10))
        with pytest.raises(StoreError, match="in the snapshot"):
            brought_back(changed(tables=tables), connection)
        assert get(connection, "period") == 10
