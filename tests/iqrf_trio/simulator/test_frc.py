"""FRCs of all four widths, in bytes: who is asked, what comes back and where it stands."""

import pytest

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.signals import Fixed
from tests.iqrf_trio.simulator.talk import Talk

SENSORS = """
[[products]]
name = "Meter"
hwpid = 0x1234
hwpid_version = 0x0102
sensors = [
    { type = 1, value = 25 },
    { type = 1, value = -100 },
    { type = 2, value = 1000 },
    { type = 129, value = 0x55 },
    { type = 161, value = 1000000 },
    { type = 164, value = 50.427933 },
    { type = 160, value = 0x3FFE0001 },
    { type = 128, error = true },
    { type = 133, value = -70 },
]

[[nodes]]
address = 1
product = "Meter"
mid = 0x81117C51
position = [0.5, 0.0]

[[nodes]]
address = 2
product = "Light"
mid = 0x81117C47
position = [0.0, 0.5]

[[nodes]]
address = 20
product = "Meter"
mid = 0x81117C24
position = [-0.5, 0.0]
sensors = [{ type = 1, value = 100 }, { type = 16, value = 1000 }]

[[nodes]]
address = 70
product = "Two temperatures"
mid = 0x81117C99
position = [0.0, -0.5]
"""

ONE_AND_20 = "02.00.10" + ".00" * 27
"""Bitmap of addresses 1 and 20."""


@pytest.fixture
def mesh() -> Mesh:
    return network(SENSORS)


def collected(talk: Talk, request: str) -> dict[int, str]:
    """The bytes of the 56 of an FRC's answer that are not zero; 0 is the status."""
    fields = talk.pdata(request).split(".")
    assert len(fields) == 56
    return {index: byte for index, byte in enumerate(fields) if byte != "00"}


def test_a_ping_sets_a_bit_per_node(talk: Talk) -> None:
    assert collected(talk, "00.00.0d.00.ff.ff.00.00.00") == {0: "04", 1: "06", 3: "10", 9: "40"}


def test_the_second_bits_begin_at_byte_32(talk: Talk) -> None:
    # Type 129 is 0x55: bit 0 set (3), bit 1 clear (2). The others have no such sensor (1).
    assert collected(talk, "00.00.0d.00.ff.ff.10.5e.81.00.00") == (
        {0: "04", 1: "06", 3: "10", 9: "40"} | {33: "02"}
    )
    assert collected(talk, "00.00.0d.00.ff.ff.10.5e.81.20.00") == (
        {0: "04", 1: "04", 3: "10", 9: "40"} | {33: "02"}
    )


def test_one_byte_values_stand_at_the_address(talk: Talk) -> None:
    # 25 °C: (25 + 22) * 2 = 94; 100 °C: 244. The light knows no sensors: 1. 70 has no slot.
    assert collected(talk, "00.00.0d.00.ff.ff.90.5e.01.00.00") == {
        0: "03",
        2: "5e",
        3: "01",
        21: "f4",
    }


def test_selected_values_follow_one_another(talk: Talk) -> None:
    assert collected(talk, f"00.00.0d.02.ff.ff.90.{ONE_AND_20}.5e.01.00.00") == {
        0: "02",
        2: "5e",
        3: "f4",
    }


def test_addresses_without_a_slot_can_be_selected(talk: Talk) -> None:
    bitmap = ".00" * 8 + ".40" + ".00" * 21
    assert list(collected(talk, f"00.00.0d.02.ff.ff.00{bitmap}.00.00")) == [0, 9]
    assert 2 in collected(talk, f"00.00.0d.02.ff.ff.90{bitmap}.5e.01.00.00")


def test_two_byte_values_are_little_endian(talk: Talk) -> None:
    # 25 °C: 400 ^ 0x8000 = 0x8190; 100 °C: 0x8640. Address 20 is slot 20, bytes 40 and 41.
    assert collected(talk, "00.00.0d.00.ff.ff.e0.5e.01.00.00") == {
        0: "03",
        3: "90",
        4: "81",
        5: "01",
        41: "40",
        42: "86",
    }


def test_the_type_index_chooses_among_sensors_of_a_type(talk: Talk) -> None:
    # The second temperature of node 1 is -100 °C: 0x79C0. Node 20 has no second one.
    assert collected(talk, f"00.00.0d.02.ff.ff.e0.{ONE_AND_20}.5e.01.01.00") == {
        0: "02",
        3: "c0",
        4: "79",
        5: "01",
    }


def test_type_0_counts_over_all_sensors(talk: Talk) -> None:
    # Sensor 2 of node 1 is 1000 ppm CO2, 1000 + 4.
    assert collected(talk, f"00.00.0d.02.ff.ff.e0.{ONE_AND_20}.5e.00.02.00") == {
        0: "02",
        3: "ec",
        4: "03",
        5: "01",
    }
    # Sensor 1 of node 20 is 1000 hPa: 16000 + 4.
    assert collected(talk, f"00.00.0d.02.ff.ff.e0.{ONE_AND_20}.5e.10.00.00") == {
        0: "02",
        3: "01",
        5: "84",
        6: "3e",
    }


def test_four_byte_values(talk: Talk) -> None:
    # 1 000 000 Wh + 4; a latitude as it is.
    assert collected(talk, f"00.00.0d.02.ff.ff.f9.{ONE_AND_20}.5e.a1.00.00") == {
        0: "02",
        5: "44",
        6: "42",
        7: "0f",
        9: "01",
    }
    assert collected(talk, f"00.00.0d.02.ff.ff.f9.{ONE_AND_20}.5e.a4.00.00") == {
        0: "02",
        5: "68",
        6: "1a",
        7: "59",
        8: "32",
        9: "01",
    }


def test_halves_and_errors(talk: Talk) -> None:
    # The low 15 bits of 0x3FFE0001 are 1, the high ones 0x7FFC.
    only_1 = "02" + ".00" * 29
    assert collected(talk, f"00.00.0d.02.ff.ff.e0.{only_1}.5e.a0.00.00")[3] == "05"
    high = collected(talk, f"00.00.0d.02.ff.ff.e0.{only_1}.5e.a0.20.00")
    assert high == {0: "01", 4: "80"}
    assert collected(talk, f"00.00.0d.02.ff.ff.90.{only_1}.5e.80.00.00")[2] == "02"
    # -70 dBm: (-70 + 127) * 2 + 4 = 118.
    assert collected(talk, f"00.00.0d.02.ff.ff.90.{only_1}.5e.85.00.00")[2] == "76"


def test_a_memory_read_brings_the_product_of_many_nodes(talk: Talk) -> None:
    # Enumeration from its HWPID on (0x04A7): HWPID and version, each value plus one.
    assert collected(talk, f"00.00.0d.02.ff.ff.fa.{ONE_AND_20}.01.00.a7.04.ff.3f.00") == {
        0: "02",
        5: "35",
        6: "12",
        7: "02",
        8: "01",
        9: "35",
        10: "12",
        11: "02",
        12: "01",
    }
    # OS Read from the OS version on (0x04A4), as it is: 46 24 D8 08.
    assert collected(talk, f"00.00.0d.02.ff.ff.fa.{ONE_AND_20}.00.00.a4.04.02.00.00") == {
        0: "02",
        5: "46",
        6: "24",
        7: "d8",
        8: "08",
        9: "46",
        10: "24",
        11: "d8",
        12: "08",
    }


def test_a_memory_read_of_mids_as_the_vendors_gateway_does_it(talk: Talk) -> None:
    answer = talk.pdata(f"00.00.0d.02.ff.ff.fa.{ONE_AND_20}.01.00.a0.04.02.00.00")
    assert answer.startswith("02.00.00.00.00.52.7c.11.81.25.7c.11.81.00")


def test_memory_reads_of_one_byte(mesh: Mesh, talk: Talk) -> None:
    # OS Read, supply voltage code at offset 9; then the last RSSI, 130 above -65 dBm.
    for node in mesh.world.nodes:
        node.supply = 39
    assert collected(talk, f"00.00.0d.02.ff.ff.82.{ONE_AND_20}.a9.04.02.00.00") == {
        0: "02",
        2: "27",
        3: "27",
    }
    assert collected(talk, f"00.00.0d.02.ff.ff.83.{ONE_AND_20}.b6.05.05.00.02.00.01") == {
        0: "02",
        2: "42",
        3: "42",
    }


def test_a_memory_read_of_what_a_node_refuses_shows_the_refusal(talk: Talk) -> None:
    # Node 1 has no binary outputs: response code 3 and the PNUM, plus one.
    assert collected(talk, f"00.00.0d.02.ff.ff.fa.{ONE_AND_20}.01.00.a0.04.4b.3e.00")[5] == "04"


def test_memory_elsewhere_is_zero_and_plus_one_says_so(talk: Talk) -> None:
    assert collected(talk, f"00.00.0d.02.ff.ff.82.{ONE_AND_20}.00.01.02.00.00") == {0: "02"}
    assert collected(talk, f"00.00.0d.02.ff.ff.83.{ONE_AND_20}.00.01.02.00.00") == {
        0: "02",
        2: "01",
        3: "01",
    }


def test_the_extra_result_are_the_last_nine_bytes() -> None:
    talk = Talk(generate(15))
    everybody = "fe.ff" + ".00" * 28
    request = f"00.00.0d.02.ff.ff.fa.{everybody}.00.00.a4.04.02.00.00"
    first = talk.pdata(request).split(".")
    assert first[0] == "0f"
    # Bytes 52, 53, 54 are the first three of slot 13; the fourth comes with the rest.
    assert first[53:] == ["46", "24", "d8"]
    assert talk.pdata("00.00.0d.01.ff.ff") == "08.46.24.d8.08.46.24.d8.08"
    # It can be asked for again, but not after anything else.
    assert talk.pdata("00.00.0d.01.ff.ff") == "08.46.24.d8.08.46.24.d8.08"
    talk.ask("00.00.00.00.ff.ff")
    assert talk.pdata("00.00.0d.01.ff.ff") == ".".join(["00"] * 9)
    talk.ask(request)
    talk.ask("01.00.06.01.ff.ff")
    assert talk.pdata("00.00.0d.01.ff.ff") == ".".join(["00"] * 9)


def test_who_is_off_or_not_bonded_keeps_silent(mesh: Mesh, talk: Talk) -> None:
    mesh.node(20).online = False
    assert collected(talk, "00.00.0d.00.ff.ff.00.00.00") == {0: "03", 1: "06", 9: "40"}
    talk.ask("00.00.00.05.ff.ff.46")
    assert collected(talk, "00.00.0d.00.ff.ff.00.00.00") == {0: "02", 1: "06"}


def test_a_selected_address_that_nobody_has_keeps_its_slot_empty(talk: Talk) -> None:
    one_two_five = "26" + ".00" * 29
    assert collected(talk, f"00.00.0d.02.ff.ff.90.{one_two_five}.5e.01.00.00") == {
        0: "02",
        2: "5e",
        3: "01",
    }


def test_a_network_without_nodes_has_a_status_of_its_own(talk: Talk) -> None:
    talk.ask("00.00.00.03.ff.ff")
    assert collected(talk, "00.00.0d.00.ff.ff.00.00.00") == {0: "ff"}


def test_offline_frc_holds_for_one_frc_only(talk: Talk) -> None:
    assert talk.pdata("00.00.0d.03.ff.ff.18") == "00"
    assert talk.pdata("00.00.0d.03.ff.ff.18") == "18"
    talk.ask("00.00.0d.00.ff.ff.00.00.00")
    assert talk.pdata("00.00.0d.03.ff.ff.00") == "10"


def test_an_acknowledged_broadcast_is_executed_where_the_hwpid_fits(talk: Talk) -> None:
    # LEDR on for HWPID 0x1234: bit 0 from nodes 1 and 20, bit 1 from the others.
    assert collected(talk, "00.00.0d.00.ff.ff.02.05.06.01.34.12") == {
        0: "04",
        1: "02",
        3: "10",
        33: "04",
        41: "40",
    }
    lit = [talk.lit(address) for address in (1, 2, 20, 70)]
    assert lit == [True, False, True, False]


def test_temperature_of_the_chip(mesh: Mesh, talk: Talk) -> None:
    mesh.node(1).chip.signal = Fixed(0.5)
    mesh.node(2).chip.signal = Fixed(-3.0)
    mesh.node(20).chip.signal = None
    assert collected(talk, "00.00.0d.00.ff.ff.80.00.00") == {0: "03", 2: "7f", 3: "fd", 21: "80"}


def test_lights_answer_ldi_and_lai(mesh: Mesh, talk: Talk) -> None:
    # Level 200 for all lights (no answer expected), then their level (answered).
    talk.ask("00.00.0d.00.ff.ff.e0.4a.fe.c8.00")
    answer = collected(talk, "00.00.0d.00.ff.ff.e0.4a.ff.a0.00")
    assert (answer[5], answer[6]) == ("81", "c8")
    assert answer[3] == "01"
    # 3500 mV + 0x8000.
    talk.ask("02.00.4a.02.ff.ff.ac.0d")
    answer = collected(talk, "00.00.0d.00.ff.ff.e1.4a.00")
    assert (answer[5], answer[6]) == ("ac", "8d")


def test_the_frc_response_time_that_a_command_needs(talk: Talk) -> None:
    assert collected(talk, f"00.00.0d.02.ff.ff.84.{ONE_AND_20}.90.00") == {
        0: "02",
        2: "01",
        3: "01",
    }
    assert collected(talk, f"00.00.0d.02.ff.ff.84.{ONE_AND_20}.c5.00") == {
        0: "02",
        2: "ff",
        3: "ff",
    }


def test_an_unknown_frc_command_is_answered_with_1(talk: Talk) -> None:
    assert collected(talk, f"00.00.0d.02.ff.ff.c0.{ONE_AND_20}.00.00") == {
        0: "02",
        2: "01",
        3: "01",
    }


@pytest.mark.parametrize("user_data", ["00", "00" * 31])
def test_user_data_has_its_limits(talk: Talk, user_data: str) -> None:
    assert talk.rcode(f"00000d00ffff00{user_data}") == 5


def test_measured_is_what_went_over_the_air(mesh: Mesh, talk: Talk) -> None:
    talk.ask("00.00.0d.00.ff.ff.90.5e.01.00.00")
    assert mesh.measured == {(1, 0): 25.0, (20, 0): 100.0}
    talk.ask(f"00.00.0d.02.ff.ff.e0.{ONE_AND_20}.5e.01.01.00")
    assert mesh.measured == {(1, 0): 25.0, (20, 0): 100.0, (1, 1): -100.0}
    talk.ask(f"00.00.0d.02.ff.ff.90.{ONE_AND_20}.5e.80.00.00")
    assert mesh.measured[1, 7] is None
    # A part of a value, or one that was read for another purpose, is no measurement.
    mesh.measured.clear()
    talk.ask("00.00.0d.00.ff.ff.10.5e.81.00.00")
    talk.ask(f"00.00.0d.02.ff.ff.e0.{ONE_AND_20}.5e.a0.00.00")
    talk.ask(f"00.00.0d.02.ff.ff.fa.{ONE_AND_20}.00.00.a0.04.5e.00.00")
    assert mesh.measured == {}
