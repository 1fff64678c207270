"""Tasks on the disk: as they were, whatever happens in between; and whose they are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.store import Store, tasks, tokens
from iqrf_trio.store.database import inline
from iqrf_trio.store.sqlite import in_memory, migrate, migrations
from protocol.auth.rights import Rights, Scope
from protocol.readings.settings import Messaging
from protocol.tasks.task import Item, Run, Task
from protocol.tasks.time_spec import NO_CRON, TimeSpec

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAILY = TimeSpec("0 0 0 * * * *", exact_time=False, periodic=False, period=0, start_time="")
ITEM = Item((Messaging("ws", "a"), Messaging("mqtt", "b")), {"mType": "x", "data": {"n": [1.5]}})


def task(number: int) -> Task:
    return Task(
        task_id=f"b9c7d1a2-1111-4a3b-8c4d-{number:012}",
        items=ITEM,
        time_spec=DAILY,
        persist=True,
    )


TASKS = st.builds(
    evolve,
    st.integers(0, 3).map(task),
    description=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    items=st.sampled_from([ITEM, (), (ITEM,), (ITEM, Item((), {}))]),
    time_spec=st.sampled_from(
        [
            DAILY,
            evolve(DAILY, cron_time=("0", "0", "0", "*", "*", "*", "*")),
            evolve(DAILY, cron_time=NO_CRON, periodic=True, period=5),
        ]
    ),
    enabled=st.booleans(),
    owner=st.one_of(st.none(), st.integers(1, 2**32 - 1)),
    run=st.one_of(
        st.none(),
        st.just(Run(1.5, 2.5)),
        st.just(Run(1.5, 2.5, 3.5, -1, "interrupted", {"mType": "x", "data": {}})),
    ),
)


@given(kept=st.lists(TASKS, unique_by=lambda each: each.task_id))
def test_tasks_come_back_as_they_were(kept: list[Task]) -> None:
    connection = in_memory()
    migrate(connection, migrations())
    for each in kept:
        tasks.save(connection, each)
    assert tasks.load(connection) == sorted(kept, key=lambda each: each.task_id)
    connection.close()


async def test_a_task_that_is_not_to_persist_is_not_kept(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_task(task(1))
        await store.save_task(evolve(task(2), persist=False), instead_of=task(1).task_id)
        assert await store.tasks() == []


async def test_a_renamed_task_is_in_one_place(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_task(task(1))
        await store.save_task(task(2), instead_of=task(1).task_id)
        assert await store.tasks() == [task(2)]


async def test_a_run_of_a_task_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_task(task(1))
        await store.note_runs({task(1).task_id: Run(1, 2), task(2).task_id: Run(1, 2)})
        assert await store.tasks() == [evolve(task(1), run=Run(1, 2))]


@pytest.mark.parametrize("rotations", [0, 1, 3])
async def test_a_rotated_token_takes_its_tasks_along(tmp_path: Path, rotations: int) -> None:
    connection = in_memory()
    migrate(connection, migrations())
    rights = Rights(Scope.CONTROL, service=True)
    ends = NOW + timedelta(days=1)
    first = tokens.create(connection, owner="me", created_at=NOW, expires_at=ends, rights=rights)
    newest = first
    for _ in range(rotations):
        newest = tokens.rotate(connection, newest.id, NOW)
    found = tokens.successor(connection, first.id)
    assert found is not None
    assert (found.id, found.rights) == (newest.id, rights)
    assert tokens.successor(connection, 4711) is None
    connection.close()


async def test_a_snapshot_has_the_tasks_and_not_their_runs(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "db", hop=inline) as store:
        await store.save_task(task(1))
        before = await store.archive()
        await store.note_runs({task(1).task_id: Run(1, 2)})
        assert await store.archive() == before
        await store.remove_tasks([task(1).task_id])
        await store.restore(before)
        assert await store.tasks() == [task(1)]
