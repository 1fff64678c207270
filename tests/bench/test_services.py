"""No network service takes more radio transactions than the published sequence."""

import pytest
from trio.testing import MockClock

from bench.services import CASES, Case, cost
from protocol.api import iqmesh

FEWER = {
    "BondNodeLocal": 1,
    "SmartConnect": 1,
    "EnumerateDevice": 2,
    "WriteTrConf, all nodes": 2,
    "MaintenanceInconsistentMIDsInCoord": 3,
}
"""Those that have to do better, and how many they take."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_none_takes_more_than_the_published_sequence(
    case: Case, autojump_clock: MockClock
) -> None:
    count = await cost(case)
    if case.published is not None:
        assert count <= case.published
    if case.name in FEWER:
        assert count == FEWER[case.name]


def test_all_services_of_the_published_api_are_counted() -> None:
    counted = {case.name.partition(",")[0] for case in CASES}
    apart = {"Backup", "Restore", "AutoNetwork"}
    assert {row.name for row in iqmesh.ROWS} - apart <= counted
