"""The coordinator's commands and tables, in bytes as the DPA guide has them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from tests.iqrf_trio.simulator.talk import Talk

LINE = """
[coordinator]
mid = 0x81113AD1

[[nodes]]
address = 5
product = "Two temperatures"
position = [0.8, 0.0]
mid = 0x81115C40

[[nodes]]
address = 3
product = "Relay"
position = [1.6, 0.0]
mid = 0x81117C58

[[nodes]]
address = 0
product = "Light"
position = [0.0, 0.8]
mid = 0x81117C57
"""

ZEROS = ".00" * 64

PREBOND = "00.00.00.12.ff.ff.fe.00" + ".00" * 21 + ".ff" + ".00" * 14


@pytest.fixture
def mesh() -> Mesh:
    return network(LINE)


def padded(pdata: str, size: int) -> str:
    return (pdata + ZEROS)[: 3 * size - 1]


def test_bonded_and_discovered_are_bitmaps_of_32_bytes(mesh: Mesh, talk: Talk) -> None:
    assert talk.pdata("00.00.00.02.ff.ff") == padded("28", 32)
    assert talk.pdata("00.00.00.01.ff.ff") == padded("28", 32)
    mesh.node(3).online = False
    assert talk.pdata("00.00.00.07.ff.ff.07.00") == "01"
    assert talk.pdata("00.00.00.02.ff.ff") == padded("28", 32)
    assert talk.pdata("00.00.00.01.ff.ff") == padded("20", 32)


def test_a_discovery_has_an_identification_of_its_own(talk: Talk) -> None:
    assert talk.pdata("00.00.00.00.ff.ff") == "02.01"
    talk.ask("00.00.00.07.ff.ff.07.00")
    assert talk.pdata("00.00.00.00.ff.ff") == "02.02"


def test_a_discovery_can_be_limited_by_address_and_by_power(talk: Talk) -> None:
    assert talk.pdata("00.00.00.07.ff.ff.07.03") == "00"
    assert talk.pdata("00.00.00.07.ff.ff.07.05") == "02"
    # Half the range does not reach node 5, and node 3 hears nobody else.
    assert talk.pdata("00.00.00.07.ff.ff.00.00") == "00"


def test_the_mid_table(talk: Talk) -> None:
    assert talk.pdata("00.00.04.02.ff.ff.28.40.04") == "40.5c.11.81"
    assert talk.pdata("00.00.04.02.ff.ff.18.40.18") == ".".join(
        (
            "58.7c.11.81.ff.ff.ff.ff",
            "ff.ff.ff.ff.ff.ff.ff.ff",
            "40.5c.11.81.ff.ff.ff.ff",
        )
    )


def test_the_routing_tables_hold_vrn_zone_plus_one_and_the_parents_vrn(talk: Talk) -> None:
    # Node 5 (VRN 1) hears the coordinator: zone 0. Node 3 (VRN 2) hears node 5: zone 1.
    assert talk.pdata("00.00.04.02.ff.ff.00.50.06") == "00.00.00.02.00.01"
    assert talk.pdata("00.00.04.02.ff.ff.00.52.06") == "00.00.00.02.00.01"
    assert talk.pdata("00.00.04.02.ff.ff.00.53.06") == "00.00.00.01.00.00"
    assert talk.pdata("00.00.04.02.ff.ff.20.00.01") == "28"


def test_os_read_of_the_coordinator(talk: Talk) -> None:
    fields = talk.pdata("00.00.02.00.ff.ff").split(".")
    # MID, OS 4.06, TR-72D, build 08D8, no RSSI yet, 2.97 V, no handler, slots 40..60 ms.
    assert ".".join(fields[:12]) == "d1.3a.11.81.46.24.d8.08.00.27.00.31"
    # DPA 4.17, no user peripherals, embedded ones FD 26, HWPID 2A00 version 1, STD.
    assert ".".join(fields[28:]) == "17.04.00.fd.26.00.00.00.2a.01.00.01"


def test_enumeration_and_descriptions_of_peripherals(talk: Talk) -> None:
    assert talk.pdata("00.00.ff.3f.ff.ff") == "17.04.00.fd.26.00.00.00.2a.01.00.01"
    # The coordinator of the vendor describes the same peripherals in these words.
    assert talk.pdata("00.00.00.3f.ff.ff") == "03.01.38.00"
    assert talk.pdata("00.00.0d.3f.ff.ff") == "03.0e.37.00"
    assert talk.pdata("00.00.0c.3f.ff.ff") == "00.00.00.00"
    assert talk.pdata("00.00.ff.00.ff.ff") == (
        "03.01.38.00.00.00.00.00.03.03.22.98.03.04.40.37.03.05.80.10.03.06.30.30.03.07.00.00."
        "03.07.01.00.00.00.00.00.03.09.17.00.01.0b.00.00.00.00.00.00.00.00.00.00.03.0e.37.00"
    )


def test_the_configuration_and_its_checksum(talk: Talk) -> None:
    fields = [int(byte, 16) for byte in talk.pdata("00.00.02.02.ff.ff").split(".")]
    assert len(fields) == 34
    checksum = 0
    for byte in fields[:32]:
        checksum ^= byte
    assert checksum == 0x5F
    assert fields[1:5] == [0xFD, 0x26, 0, 0]
    # TX power (address 8) from 7 to 3, by value and mask.
    assert fields[8] == 7
    assert talk.rcode("00.00.02.09.ff.ff.08.03.07") == 0
    assert talk.pdata("00.00.02.02.ff.ff").split(".")[8] == "03"
    assert talk.rcode("00.00.02.09.ff.ff.20.04.04") == 0  # RFPGM stands behind the settings
    assert talk.pdata("00.00.02.02.ff.ff").split(".")[32] == "c7"
    assert talk.rcode("00.00.02.09.ff.ff.21.03.07") == 6
    assert talk.rcode("00.00.02.0d.ff.ff") == 0
    assert talk.pdata("00.00.02.02.ff.ff").split(".")[8] == "07"


def test_a_whole_configuration_is_replaced(talk: Talk) -> None:
    settings = ".".join(f"{byte:02x}" for byte in range(1, 32))
    assert talk.rcode(f"00.00.02.0f.ff.ff.00.{settings}.c3") == 0
    assert talk.pdata("00.00.02.02.ff.ff").split(".", 1)[1] == f"{settings}.c3.30"


def test_bonds_are_removed_one_by_one_or_all(talk: Talk) -> None:
    assert talk.pdata("00.00.00.05.ff.ff.05") == "01"
    assert talk.times_ms == [190]
    assert talk.rcode("00.00.00.05.ff.ff.05") == 1
    assert talk.rcode("05.00.06.01.ff.ff") == 8
    assert talk.pdata("00.00.04.02.ff.ff.28.40.04") == "ff.ff.ff.ff"
    assert talk.pdata("00.00.00.03.ff.ff") == ""
    assert talk.times_ms == [200]
    assert talk.pdata("00.00.00.00.ff.ff") == "00.01"
    assert talk.pdata("00.00.00.02.ff.ff") == padded("00", 32)


def test_a_batch_is_executed_request_by_request(talk: Talk) -> None:
    # Remove bonds 5 and 3, as the vendor's gateway does it.
    pdata = "06.00.05.ff.ff.05.06.00.05.ff.ff.03.00"
    assert talk.rcode(f"00.00.02.05.ff.ff.{pdata}") == 0
    assert talk.pdata("00.00.00.00.ff.ff") == "00.01"
    assert talk.rcode("00.00.02.05.ff.ff.06.00.05") == 6


def test_a_button_bonds_the_node_that_waits(mesh: Mesh, talk: Talk) -> None:
    assert talk.pdata("00.00.00.04.ff.ff.00.01") == "01.03"
    assert talk.times_ms == [3000]
    assert mesh.node(1).mid == 0x81117C57
    assert talk.pdata("00.00.04.02.ff.ff.08.40.04") == "57.7c.11.81"
    # Nobody else waits: an error after ten seconds.
    assert talk.rcode("00.00.00.04.ff.ff.00.01") == 1
    assert talk.times_ms == [10_000]


def smart_connect(address: str, mid: str) -> str:
    ibk = ".".join(["60"] * 16)
    return f"00.00.00.12.ff.ff.{address}.01.{ibk}.{mid}.00.ff" + ".00" * 14


def test_smart_connect_bonds_the_named_module(mesh: Mesh, talk: Talk) -> None:
    assert talk.rcode(smart_connect("07", "57.7c.11.81")) == 1  # another key
    next(node for node in mesh.world.nodes if node.nadr is None).ibk = b"\x60" * 16
    assert talk.rcode(smart_connect("07", "58.7c.11.81")) == 1
    assert talk.rcode(smart_connect("05", "57.7c.11.81")) == 1
    assert talk.pdata(smart_connect("07", "57.7c.11.81")) == "07.03"
    assert talk.times_ms == [2600]
    # Not discovered yet: as many hops as it takes to pass everybody.
    assert talk.ask("07.00.06.01.ff.ff")[0].endswith(".02.04.02")
    assert mesh.node(7).mid == 0x81117C57


def test_authorize_bond_takes_one_or_several(mesh: Mesh, talk: Talk) -> None:
    assert talk.pdata(PREBOND) == "fe.02"
    assert talk.pdata("00.00.00.0d.ff.ff.00.57.7c.11.81") == "01.03"
    assert talk.rcode("01.00.06.01.ff.ff") == 0
    assert talk.pdata("00.00.00.0d.ff.ff.0b.01.00.00.00.0c.02.00.00.00") == "00.05"
    # They are bonded, but not there.
    assert len(talk.ask("0b.00.06.01.ff.ff")) == 1
    assert talk.rcode("00.00.00.0d.ff.ff.0b.01") == 5


def test_set_mid_corrects_the_table_and_keeps_the_route(talk: Talk) -> None:
    assert talk.rcode("00.00.00.13.ff.ff.01.02.03.04.05") == 0
    assert talk.pdata("00.00.04.02.ff.ff.28.40.04") == "01.02.03.04"
    assert talk.pdata("00.00.04.02.ff.ff.05.50.01") == "01"
    assert talk.rcode("00.00.00.13.ff.ff.00.00.00.00.0a") == 3


def test_a_backup_brings_everything_back(talk: Talk) -> None:
    blocks = [talk.pdata(f"00.00.00.0b.ff.ff.{index:02x}") for index in range(40)]
    assert {len(block.split(".")) for block in blocks} == {49}
    assert talk.times_ms == [250]
    assert talk.rcode("00.00.00.0b.ff.ff.28") == 6
    talk.ask("00.00.00.03.ff.ff")
    for block in blocks:
        assert talk.rcode(f"00.00.00.0c.ff.ff.{block}") == 0
    assert talk.pdata("00.00.00.02.ff.ff") == padded("28", 32)
    assert talk.pdata("00.00.00.01.ff.ff") == padded("28", 32)
    assert talk.pdata("00.00.04.02.ff.ff.28.40.04") == "40.5c.11.81"
    assert talk.pdata("00.00.04.02.ff.ff.00.53.06") == "00.00.00.01.00.00"
    assert talk.rcode("00.00.00.0c.ff.ff.00") == 5
    assert talk.rcode("00.00.00.0c.ff.ff" + ".00" * 48 + ".28") == 6


def test_each_block_of_a_backup_ends_with_how_many_follow(talk: Talk) -> None:
    blocks = [talk.pdata(f"00.00.00.0b.ff.ff.{index:02x}") for index in range(40)]
    assert [int(block[-2:], 16) for block in blocks] == list(range(39, -1, -1))


def test_a_new_coordinator_knows_nobody_until_it_is_given_the_backup(
    mesh: Mesh, talk: Talk
) -> None:
    blocks = [talk.pdata(f"00.00.00.0b.ff.ff.{index:02x}") for index in range(40)]
    mesh.replace_coordinator(0x81998877, talk.now)
    talk.ask("00.00.02.00.ff.ff")
    assert talk.pdata("00.00.00.02.ff.ff") == padded("00", 32)
    assert talk.rcode("03.00.06.03.ff.ff") == 8
    # Who merely gives the address away has not the key.
    assert talk.rcode("00.00.00.0d.ff.ff.03.01.02.03.04") == 0
    assert len(talk.ask("03.00.06.03.ff.ff")) == 1
    for block in blocks:
        assert talk.rcode(f"00.00.00.0c.ff.ff.{block}") == 0
    assert talk.rcode("03.00.06.03.ff.ff") == 0
    assert talk.pdata("00.00.00.00.ff.ff") == "02.01"


def test_the_user_half_of_the_eeeprom_can_be_written(talk: Talk) -> None:
    assert talk.rcode("00.00.04.03.ff.ff.10.00.01.02.03") == 0
    assert talk.pdata("00.00.04.02.ff.ff.0f.00.05") == "ff.01.02.03.ff"
    assert talk.rcode("00.00.04.03.ff.ff.fe.3f.01.02.03") == 4


def test_the_coordinators_eeprom_begins_at_0x80(talk: Talk) -> None:
    assert talk.rcode("00.00.03.01.ff.ff.80.2a") == 0
    assert talk.pdata("00.00.03.00.ff.ff.80.02") == "2a.ff"
    assert talk.rcode("00.00.03.00.ff.ff.7f.02") == 4


def test_test_rf_signal_takes_the_time_it_is_given(talk: Talk) -> None:
    assert talk.pdata("00.00.02.0c.ff.ff.34.01.04.02") == "01"  # nothing heard
    assert talk.times_ms == [3 + 5160]


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(0, 239), st.integers(0, 5))
def test_vrns_are_a_permutation_and_parents_come_first(nodes: int, seed: int) -> None:
    bonds = generate(nodes, seed).coordinator.bonds
    routes = bonds.routes
    assert sorted(route.vrn for route in routes.values()) == list(range(1, nodes + 1))
    by_vrn = {route.vrn: route for route in routes.values()}
    for route in routes.values():
        assert route.parent_vrn < route.vrn
        assert route.zone == (by_vrn[route.parent_vrn].zone if route.parent_vrn else 0) + 1
