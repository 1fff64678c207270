"""A described mesh is what its file says, and a file that says nonsense is refused by the key."""

from pathlib import Path

import pytest

from iqrf_trio.simulator.files.errors import NetworkFileError
from iqrf_trio.simulator.files.network_file import network, read_network
from tests.iqrf_trio.simulator.talk import Talk

ETC = Path(__file__).parents[4] / "etc" / "simulated-network.toml"


def test_the_documented_file_is_a_network() -> None:
    mesh = read_network(ETC)
    talk = Talk(mesh)
    assert talk.pdata("00.00.00.02.ff.ff").startswith("ae.00.00")
    # Node 5 is switched off, so the discovery has not found it.
    assert talk.pdata("00.00.00.01.ff.ff").startswith("8e.00.00")
    assert len(talk.ask("05.00.06.01.ff.ff")) == 1
    assert talk.pdata("01.00.5e.3e.ff.ff") == "01.80.10.0b.a3.c0.06"
    # Air pressure 1013.25 hPa: 16212 = 0x3F54; the broken sensor: 0x8000.
    assert talk.pdata("01.00.5e.00.ff.ff.04.00.00.00") == "54.3f"
    assert talk.pdata("01.00.5e.00.ff.ff.60.00.00.00") == "03.01.02.03.00.80"
    assert talk.pdata("02.00.4b.3e.ff.ff") == "08"
    # Node 3 is beyond the coordinator's range.
    assert mesh.coordinator.bonds.routes[3].zone == 2
    # 21.5 and -3.25 °C.
    assert talk.pdata("07.00.5e.00.ff.ff.03.00.00.00") == "58.01.cc.ff"
    # The last one waits to be bonded.
    assert talk.pdata("00.00.00.04.ff.ff.00.00") == "04.06"
    assert mesh.node(4).mid == 0x8100A0FF


def test_what_the_file_leaves_open_is_up_to_the_seed() -> None:
    text = '[[nodes]]\naddress = 1\nproduct = "Light"\n'
    assert network(text, 3).node(1).mid == network(text, 3).node(1).mid
    assert network(text, 3).node(1).mid != network(text, 4).node(1).mid
    assert network(text, 3, loss=0.5).world.loss == 0.5


def test_an_empty_file_is_a_coordinator_alone() -> None:
    assert Talk(network("")).pdata("00.00.00.00.ff.ff") == "00.01"


def test_the_coordinator_can_be_described() -> None:
    talk = Talk(network("[coordinator]\nmid = 0x81113AD1\nhwpid = 0xC0DE\nhwpid_version = 7"))
    assert talk.pdata("00.00.02.00.ff.ff").startswith("d1.3a.11.81")
    assert talk.pdata("00.00.ff.3f.ff.ff") == "17.04.00.fd.26.00.00.de.c0.07.00.01"


NODE = '[[nodes]]\naddress = 1\nproduct = "Light"\n'
PRODUCT = '[[products]]\nname = "X"\nhwpid = 1\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rf_mode = 'std", "is no TOML"),
        ("rf_mode = 'vlp'", 'rf_mode must be std or lp, not the text "vlp"'),
        ("nodez = 3", "nodez is no known key (did you mean nodes?)"),
        ("nodes = 3", "nodes must be a list, not 3"),
        ("nodes = [3]", "nodes[0] is a section, not 3 (give its keys instead: address, product"),
        ("[[nodes]]\naddress = 1", "nodes[0].product is missing"),
        ('[[nodes]]\nproduct = "Light"', "nodes[0].address is missing"),
        ('[[nodes]]\naddress = 1\nproduct = "Lamp"', "nodes[0].product must be one of Climate"),
        (NODE.replace("1", "240"), "nodes[0].address must be 0 to 239, or 254, not 240"),
        (NODE.replace("1", "true"), "nodes[0].address must be a whole number, not true"),
        (NODE.replace("1", "'1'"), 'nodes[0].address must be a whole number, not the text "1"'),
        (NODE + NODE, "address 1 (0x00000001) is given twice"),
        (NODE + "mid = 5\n" + NODE.replace("1", "2") + "mid = 5", "mid 5 (0x00000005) is given"),
        (NODE + "ibk = 'ab'", "nodes[0].ibk must be 32 hexadecimal digits"),
        (NODE + "ibk = 'xy'", "nodes[0].ibk must be 32 hexadecimal digits"),
        (NODE + "bond = 'x'", "nodes[0].bond must be good or twin or orphan, not the text"),
        (NODE + "noise = [1]", "nodes[0].noise[0] must be a list of whole numbers, not 1"),
        (NODE + "table_mid = -1", "nodes[0].table_mid must be at least 0"),
        (NODE + "button = 1", "nodes[0].button must be true or false, not 1"),
        (NODE + "online = 1", "nodes[0].online must be true or false, not 1"),
        (NODE + "position = [1]", "nodes[0].position must have 2 items, not 1"),
        (NODE + "position = [1, 'a']", 'nodes[0].position[1] must be a number, not the text "a"'),
        (NODE + "speed = 1", "nodes[0].speed is no known key"),
        (NODE + "sensors = [256]", "nodes[0].sensors[0].type must be at most 255, not 256"),
        (NODE + "sensors = ['a']", "nodes[0].sensors[0].type must be a whole number"),
        (NODE + f"sensors = {[1] * 33}", "nodes[0].sensors must have at most 32 items, not 33"),
        (NODE + "sensors = [{ type = 1, low = 1 }]", "nodes[0].sensors[0].high is missing"),
        (NODE + "sensors = [{ type = 1, value = 'a' }]", "sensors[0].value must be a number"),
        (
            NODE + "sensors = [{ type = 192, value = 1 }]",
            "value must be a list of bytes for this type",
        ),
        (NODE + "sensors = [{ type = 1, value = [1] }]", "value must be a number for this type"),
        (
            NODE + "sensors = [{ type = 192, value = [256] }]",
            "sensors[0].value[0] must be at most 255, not 256",
        ),
        (
            NODE + "sensors = [{ type = 1, value = 1, low = 1 }]",
            "sensors[0].low does not go together with value",
        ),
        (PRODUCT + "binary_outputs = 33", "products[0].binary_outputs must be at most 32, not 33"),
        (PRODUCT + "hwpids = 2", "products[0].hwpids is no known key"),
        ("[coordinator]\nhwpid = 65536", "coordinator.hwpid must be at most 65535, not 65536"),
        ("[coordinator]\nname = 'x'", "coordinator.name is no known key"),
    ],
)
def test_nonsense_is_refused_with_the_key_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NetworkFileError) as caught:
        network(text)
    assert reason in str(caught.value)


def test_the_file_is_named(tmp_path: Path) -> None:
    missing, broken, binary = (tmp_path / name for name in ("missing", "broken", "binary"))
    broken.write_text("nodes = 3")
    binary.write_bytes(b"\xff\xfe")
    for path, reason in (
        (missing, "No such file or directory"),
        (broken, "nodes must be a list"),
        (binary, "codec can't decode"),
    ):
        with pytest.raises(NetworkFileError) as caught:
            read_network(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert reason in str(caught.value)


def test_sensors_of_every_type_can_be_described() -> None:
    types = [*range(1, 33), 128]
    text = NODE + f"sensors = {types[:32]}"
    assert len(Talk(network(text)).pdata("01.00.5e.3e.ff.ff").split(".")) == 32


def test_a_network_in_trouble() -> None:
    mesh = read_network(ETC.with_name("simulated-trouble.toml"))
    assert set(mesh.coordinator.bonds.mids) == {1, 2, 3, 4, 5}
    assert mesh.coordinator.bonds.mids[2] == 0x82000002 != mesh.node(2).mid
    assert mesh.coordinator.bonds.mids[3] != mesh.node(3).mid  # the twin is heard
    assert {200, 254} <= {node.nadr for node in mesh.world.nodes}


def test_two_nodes_of_the_network_for_bonding_have_no_address() -> None:
    mesh = read_network(ETC.with_name("simulated-bonding.toml"))
    assert sorted(node.nadr or 0 for node in mesh.coordinator.world.nodes) == [0, 0, 1]
    assert set(mesh.coordinator.bonds.mids) == {1}
