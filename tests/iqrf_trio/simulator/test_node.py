"""The embedded peripherals of a node, in bytes as the DPA guide has them."""

import pytest
from attrs import evolve

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.signals import Fixed
from protocol.dpa.pnum import LEDG
from tests.iqrf_trio.simulator.talk import Talk

TWO = """
[[nodes]]
address = 1
product = "Climate sensor"
mid = 0x81103000
position = [0.5, 0.0]

[[nodes]]
address = 2
product = "Relay"
mid = 0x81103001
position = [1.25, 0.0]
"""


@pytest.fixture
def mesh() -> Mesh:
    return network(TWO)


def test_node_read(talk: Talk) -> None:
    # Address, VRN, zone + 1, DID, parent's VRN, user address, network id, VRNFNZ, config, bonded.
    assert talk.pdata("01.00.01.00.ff.ff") == "01.01.01.01.00.ff.ff.00.30.00.02.01"
    assert talk.pdata("02.00.01.00.ff.ff") == "02.02.02.01.01.ff.ff.01.30.00.02.01"


def test_os_read(mesh: Mesh, talk: Talk) -> None:
    mesh.node(1).supply = 0x28
    fields = talk.pdata("01.00.02.00.ff.ff").split(".")
    # 0.5 of the range: -65 dBm, 130 above it is 0x41.
    assert ".".join(fields[:12]) == "00.30.10.81.46.24.d8.08.41.28.04.31"
    assert len(set(fields[12:28])) > 4
    assert ".".join(fields[28:]) == "17.04.01.fe.26.00.00.10.2a.03.01.01.00.00.00.00.00.00.00.40"


def test_peripherals_describe_themselves(talk: Talk) -> None:
    assert talk.pdata("01.00.01.3f.ff.ff") == "03.02.38.00"
    assert talk.pdata("01.00.ff.01.ff.ff").startswith("03.02.38.00.03.03.")


@pytest.mark.parametrize("led", ["06", "07"])
def test_leds(led: str) -> None:
    talk = Talk(network(TWO.replace("address = 1", "address = 1\ndpa = 0x0302")))
    states = []
    for pcmd in ("01", "00", "04", "03", "00", "03"):
        assert talk.pdata(f"01.00.{led}.{pcmd}.ff.ff") == ""
        states.append(talk.pdata(f"01.00.{led}.02.ff.ff"))
    assert states == ["01", "00", "01", "01", "00", "00"]


@pytest.mark.parametrize("led", ["06", "07"])
def test_leds_of_new_modules_do_not_tell_how_they_are(talk: Talk, led: str) -> None:
    assert talk.rcode(f"01.00.{led}.02.ff.ff") == 2
    assert talk.rcode(f"00.00.{led}.02.ff.ff") == 2
    assert talk.pdata(f"01.00.{led}.04.ff.ff") == ""


def test_signals_of_others_are_counted(mesh: Mesh, talk: Talk) -> None:
    mesh.node(1).noise, mesh.coordinator.noise = {52: 7, 3: 300}, {52: 2}
    assert talk.pdata("01.00.02.0c.ff.ff.34.00.0a.00") == "08"  # one more than were counted
    assert talk.pdata("01.00.02.0c.ff.ff.03.00.0a.00") == "ff"
    assert talk.pdata("01.00.02.0c.ff.ff.02.00.0a.00") == "01"
    assert talk.pdata("00.00.02.0c.ff.ff.34.00.0a.00") == "03"
    assert talk.rcode("01.00.02.0c.ff.ff.34.00.0a") == 5


@pytest.mark.parametrize(("pnum", "fill"), [("05", "00"), ("03", "ff")])
def test_ram_and_eeprom(talk: Talk, pnum: str, fill: str) -> None:
    assert talk.pdata(f"01.00.{pnum}.01.ff.ff.01.02.03.04") == ""
    assert talk.pdata(f"01.00.{pnum}.00.ff.ff.00.05") == f"{fill}.02.03.04.{fill}"
    assert talk.rcode(f"01.00.{pnum}.00.ff.ff.ff.05") == 4
    assert talk.rcode(f"01.00.{pnum}.00.ff.ff.00") == 5
    assert talk.rcode(f"01.00.{pnum}.01.ff.ff.00") == 5


def test_ram_is_lost_with_a_reset_and_eeprom_is_not(talk: Talk) -> None:
    talk.ask("01.00.05.01.ff.ff.00.2a")
    talk.ask("01.00.03.01.ff.ff.00.2a")
    assert talk.ask("01.00.02.01.ff.ff")[-1].startswith("01.00.02.81")
    assert talk.pdata("01.00.05.00.ff.ff.00.01") == "00"
    assert talk.pdata("01.00.03.00.ff.ff.00.01") == "2a"


def test_eeeprom(talk: Talk) -> None:
    assert talk.pdata("01.00.04.03.ff.ff.00.00.01.02.03.04") == ""
    assert talk.pdata("01.00.04.02.ff.ff.00.00.05") == "01.02.03.04.ff"


def test_pins(talk: Talk) -> None:
    assert talk.pdata("01.00.09.00.ff.ff.00.04.00") == ""
    # Port A, bit 2; a pause; port E, bit 0.
    assert talk.pdata("01.00.09.01.ff.ff.00.04.04.ff.0a.00.04.01.01") == ""
    assert talk.pdata("01.00.09.02.ff.ff") == "04.00.00.00.01"
    assert talk.rcode("01.00.09.01.ff.ff.00.04") == 5
    assert talk.rcode("01.00.09.01.ff.ff.0f.04.04") == 6


@pytest.mark.parametrize(
    ("celsius", "pdata"),
    [(28.5, "1c.c8.01"), (0.0, "00.00.00"), (-0.5, "ff.f8.0f"), (None, "80.00.08")],
)
def test_the_thermometer(mesh: Mesh, talk: Talk, celsius: float | None, pdata: str) -> None:
    mesh.node(1).chip.signal = Fixed(celsius)
    assert talk.pdata("01.00.0a.00.ff.ff") == pdata


def test_a_sleeping_node_hears_nothing_until_it_wakes(talk: Talk) -> None:
    # 5 * 2.097 s.
    assert talk.rcode("01.00.02.04.ff.ff.05.00.00") == 0
    talk.now = 10.0
    assert len(talk.ask("01.00.06.01.ff.ff")) == 1
    talk.now = 11.0
    assert talk.rcode("01.00.06.01.ff.ff") == 0
    # 10 * 32.768 ms.
    assert talk.rcode("01.00.02.04.ff.ff.0a.00.10") == 0
    talk.now += 0.1
    assert len(talk.ask("01.00.06.01.ff.ff")) == 1
    talk.now += 0.3
    assert talk.rcode("01.00.06.01.ff.ff") == 0
    # 0 is for ever, until somebody switches it off and on.
    assert talk.rcode("01.00.02.04.ff.ff.00.00.00") == 0
    talk.now += 1e6
    assert len(talk.ask("01.00.06.01.ff.ff")) == 1


def test_a_batch_and_a_selective_one(talk: Talk) -> None:
    led = "05.06.01.ff.ff.05.07.01.ff.ff.00"
    assert talk.rcode(f"01.00.02.05.ff.ff.{led}") == 0
    assert talk.lit(1)
    assert talk.lit(1, LEDG)
    only_2 = "04" + ".00" * 29
    assert len(talk.ask(f"ff.00.02.0b.ff.ff.{only_2}.05.06.00.ff.ff.05.07.01.ff.ff.00")) == 1
    assert talk.lit(1)
    assert talk.lit(2, LEDG)


@pytest.mark.parametrize(
    "records", ["", "00.00", "05.06.01.ff.ff", "04.06.01.ff.00", "09.06.01.ff.ff.00"]
)
def test_what_is_no_batch_is_refused_as_a_whole(talk: Talk, records: str) -> None:
    assert talk.rcode(f"01.00.02.05.ff.ff.{records}") == 6
    assert not talk.lit(1)


def test_other_commands_of_the_os_are_taken(talk: Talk) -> None:
    assert talk.rcode("01.00.02.07.ff.ff.03") == 0
    assert talk.rcode("01.00.02.07.ff.ff") == 5
    assert talk.rcode("01.00.02.06.ff.ff.01" + ".00" * 16) == 0
    assert talk.pdata("01.00.02.02.ff.ff").split(".")[1:3] == ["fe", "26"]


def test_a_node_that_gives_up_its_bond_answers_once_more(mesh: Mesh, talk: Talk) -> None:
    assert talk.rcode("01.00.01.01.ff.ff") == 0
    assert len(talk.ask("01.00.06.01.ff.ff")) == 1
    # It can be bonded again.
    talk.ask("00.00.00.05.ff.ff.01")
    assert talk.pdata("00.00.00.04.ff.ff.00.00") == "01.02"
    assert mesh.node(1).mid == 0x81103000


def test_validate_bonds_drops_the_wrong_module(mesh: Mesh, talk: Talk) -> None:
    assert len(talk.ask("ff.00.01.08.ff.ff.01.00.30.10.81.02.99.30.10.81")) == 1
    assert talk.rcode("01.00.06.01.ff.ff") == 0
    assert len(talk.ask("02.00.06.01.ff.ff")) == 1


def test_a_node_is_backed_up_and_restored(mesh: Mesh, talk: Talk) -> None:
    block = talk.pdata("01.00.01.06.ff.ff.00")
    assert len(block.split(".")) == 49
    assert talk.rcode("01.00.01.06.ff.ff.01") == 6
    mesh.node(1).route = mesh.node(2).route
    assert talk.rcode(f"01.00.01.07.ff.ff.{block}") == 0
    assert talk.pdata("01.00.01.00.ff.ff").startswith("01.01.01")


def test_a_serial_line_gives_back_what_is_written(mesh: Mesh, talk: Talk) -> None:
    node = mesh.node(1)
    node.product = evolve(node.product, uart=True)
    node.__attrs_post_init__()
    write = "01.00.0c.02.ff.ff"
    assert talk.rcode(f"{write}.00.07") == 1  # closed
    assert talk.rcode("01.00.0c.00.ff.ff.09") == 6
    assert talk.rcode("01.00.0c.00.ff.ff.03") == 0
    assert talk.pdata(f"{write}.00.07.08") == "07.08"
    assert talk.pdata(f"{write}.ff.07") == ""
    assert talk.pdata(f"{write}.00.08") == "07.08"
    assert talk.pdata(f"{write}.ff.07") == ""
    assert talk.pdata("01.00.0c.03.ff.ff.00.09") == "09"
    assert talk.rcode(write) == 5
    assert talk.rcode("01.00.0c.01.ff.ff") == 0
    assert talk.rcode(f"{write}.00.07") == 1


def test_pull_ups_are_ports_of_direction(mesh: Mesh, talk: Talk) -> None:
    assert talk.rcode("01.00.09.00.ff.ff.11.03.01") == 0
    assert talk.rcode("01.00.09.00.ff.ff.15.03.01") == 6
    assert talk.rcode("01.00.09.01.ff.ff.11.03.01") == 6


def test_a_node_that_waits_for_its_program_is_deaf(talk: Talk) -> None:
    assert talk.rcode("01.00.02.03.ff.ff") == 0
    assert len(talk.ask("01.00.06.01.ff.ff")) == 1


def test_code_is_compared_with_its_sum(talk: Talk) -> None:
    assert talk.rcode("01.00.04.03.ff.ff.00.00.01.02.03") == 0
    assert talk.pdata("01.00.02.0a.ff.ff.00.00.00.03.00.06.00") == "01"
    assert talk.pdata("01.00.02.0a.ff.ff.00.00.00.03.00.07.00") == "00"
    assert talk.rcode("01.00.02.0a.ff.ff.00.ff.ff.03.00.06.00") == 4
