"""Sensors, binary outputs and lights by unicast, in bytes as the standards have them."""

import pytest

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.mesh import Mesh
from tests.iqrf_trio.simulator.talk import Talk

HOUSE = """
[[products]]
name = "Sensor"
hwpid = 0x1015
sensors = [
    { type = 1, value = 28.5 },
    { type = 2, value = 2439 },
    { type = 128, value = 50 },
    { type = 161, value = 1000000 },
    { type = 192, value = [9, 8] },
    { type = 1, error = true },
    { type = 130, error = true },
]

[[products]]
name = "Many"
hwpid = 0x1016
sensors = [161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161, 161]

[[nodes]]
address = 1
product = "Sensor"

[[nodes]]
address = 2
product = "Relay"

[[nodes]]
address = 4
product = "Light"

[[nodes]]
address = 6
product = "Many"
"""


@pytest.fixture
def mesh() -> Mesh:
    return network(HOUSE)


def test_sensor_types_by_index(talk: Talk) -> None:
    assert talk.pdata("01.00.5e.3e.ff.ff") == "01.02.80.a1.c0.01.82"


def test_values_with_types(talk: Talk) -> None:
    # The vendor's own example: 28.5 °C and 2439 ppm.
    assert talk.pdata("01.00.5e.01.ff.ff.03.00.00.00") == "01.c8.01.02.87.09"
    assert talk.pdata("01.00.5e.01.ff.ff.ff.ff.ff.ff") == (
        "01.c8.01.02.87.09.80.64.a1.40.42.0f.00.c0.02.09.08.01.00.80.82.ee"
    )


def test_without_a_bitmap_only_the_first_sensor_answers(talk: Talk) -> None:
    assert talk.pdata("01.00.5e.00.ff.ff") == "c8.01"
    assert talk.pdata("01.00.5e.01.ff.ff") == "01.c8.01"


def test_values_alone_of_some_sensors(talk: Talk) -> None:
    assert talk.pdata("01.00.5e.00.ff.ff.14.00.00.00") == "64.02.09.08"
    assert talk.pdata("01.00.5e.00.ff.ff.00.01.00.00") == ""


def test_data_written_to_sensors_is_taken(talk: Talk) -> None:
    assert talk.pdata("01.00.5e.00.ff.ff.01.00.00.00.00.11.22.33.44") == "c8.01"
    assert talk.rcode("01.00.5e.00.ff.ff.01.00.00.00.00.11") == 5


def test_more_than_fits_is_refused(talk: Talk) -> None:
    assert talk.rcode("06.00.5e.01.ff.ff.ff.ff.ff.ff") == 1
    assert len(talk.pdata("06.00.5e.00.ff.ff.ff.ff.ff.ff").split(".")) == 48


def test_measured_keeps_what_was_answered(mesh: Mesh, talk: Talk) -> None:
    talk.ask("01.00.5e.00.ff.ff.33.00.00.00")
    assert mesh.measured == {(1, 0): 28.5, (1, 1): 2439, (1, 4): (9, 8), (1, 5): None}


def test_a_report_is_an_asynchronous_response_with_frc_values(mesh: Mesh) -> None:
    mesh.emit_report(1, 5.0)
    (frame,) = mesh.pop_due(5.0)
    # 456 ^ 0x8000; 2439 + 4; 100 + 4; 1000000 + 4; the block as it is; two errors (2).
    assert frame.hex(".") == (
        f"01.00.5e.fb.15.10.80.{frame[7]:02x}"
        ".01.c8.81.02.8b.09.80.68.a1.44.42.0f.00.c0.02.09.08.01.02.00.82.02"
    )
    assert mesh.measured[1, 1] == 2439
    assert mesh.measured[1, 6] is None


def test_outputs_answer_what_they_were(talk: Talk) -> None:
    assert talk.pdata("02.00.4b.3e.ff.ff") == "04"
    assert talk.pdata("02.00.4b.00.ff.ff.01.00.00.00.01") == "00.00.00.00"
    assert talk.pdata("02.00.4b.00.ff.ff.05.00.00.00.00.01") == "01.00.00.00"
    assert talk.pdata("02.00.4b.00.ff.ff.00.00.00.00") == "04.00.00.00"


def test_outputs_go_off_by_themselves(talk: Talk) -> None:
    # Output 0 for 10 s, output 1 for 2 minutes.
    assert talk.pdata("02.00.4b.00.ff.ff.03.00.00.00.8a.02") == "00.00.00.00"
    talk.now = 9.0
    assert talk.pdata("02.00.4b.00.ff.ff.00.00.00.00") == "03.00.00.00"
    talk.now = 11.0
    assert talk.pdata("02.00.4b.00.ff.ff.00.00.00.00") == "02.00.00.00"
    talk.now = 121.0
    assert talk.pdata("02.00.4b.00.ff.ff.00.00.00.00") == "00.00.00.00"


@pytest.mark.parametrize(
    ("pdata", "rcode"),
    [("01.00.00.00", 5), ("01.00.00.00.01.01", 5), ("01.00", 5), ("01.00.00.00.80", 1)],
)
def test_outputs_refuse_what_makes_no_sense(talk: Talk, pdata: str, rcode: int) -> None:
    assert talk.rcode(f"02.00.4b.00.ff.ff.{pdata}") == rcode


def test_a_reset_switches_outputs_off(talk: Talk) -> None:
    talk.ask("02.00.4b.00.ff.ff.01.00.00.00.01")
    assert talk.rcode("02.00.02.01.ff.ff") == 0
    assert talk.pdata("02.00.4b.00.ff.ff.00.00.00.00") == "00.00.00.00"


def test_ldi_commands_are_big_endian_and_answered_one_by_one(talk: Talk) -> None:
    # Level 100 (0x64) by broadcast, its level, its status (lamp on), off, its status.
    assert talk.pdata("04.00.4a.00.ff.ff.fe.64.ff.a0.ff.90") == "80.00.81.64.81.04"
    assert talk.pdata("04.00.4a.00.ff.ff.ff.00.ff.90") == "80.00.81.00"
    assert talk.pdata("04.00.4a.01.ff.ff.ff.05") == ""
    assert talk.pdata("04.00.4a.00.ff.ff.ff.a0") == "81.fe"
    assert talk.rcode("04.00.4a.00.ff.ff.ff") == 5


def test_the_analogue_output(talk: Talk) -> None:
    assert talk.pdata("04.00.4a.02.ff.ff.c4.04") == "00.00"
    assert talk.pdata("04.00.4a.02.ff.ff.ac.0d") == "c4.04"
    assert talk.pdata("04.00.4a.02.ff.ff.00.80") == "ac.0d"
    assert talk.rcode("04.00.4a.02.ff.ff.11.27") == 1
    assert talk.rcode("04.00.4a.02.ff.ff.11") == 5
    assert talk.pdata("04.00.4a.02.ff.ff.00.80") == "ac.0d"


@pytest.mark.parametrize(
    "request_", ["01.00.4b.3e.ff.ff", "02.00.5e.3e.ff.ff", "01.00.4a.00.ff.ff"]
)
def test_a_standard_that_a_product_lacks_is_an_unknown_peripheral(
    talk: Talk, request_: str
) -> None:
    assert talk.rcode(request_) == 3
