"""A setting is what was saved last."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from iqrf_trio.store import settings
from iqrf_trio.store.sqlite import Connection, connect


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(connect(tmp_path / "iqrf-trio.db")) as connection:
        yield connection


@pytest.mark.parametrize("value", [None, True, 5, 0.5, "a", [1, "b"], {"a": {"b": None}}])
def test_a_setting_is_what_was_saved_last(connection: Connection, value: object) -> None:
    settings.save(connection, "key", "before")
    settings.save(connection, "other", 1)
    settings.save(connection, "key", value)
    assert settings.get(connection, "key") == value
    assert settings.get(connection, "other") == 1


def test_an_unknown_setting_is_none(connection: Connection) -> None:
    assert settings.get(connection, "key") is None


def test_the_same_value_again_writes_nothing(connection: Connection) -> None:
    settings.save(connection, "key", {"a": 1})
    before = connection.total_changes
    settings.save(connection, "key", {"a": 1})
    assert connection.total_changes == before
