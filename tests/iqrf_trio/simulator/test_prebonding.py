"""Nodes on their way into the network: prebonded by Smart connect, found by FRC, authorised."""

from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.mesh import Mesh
from protocol.dpa import frc
from protocol.dpa.packet import TEMPORARY
from tests.iqrf_trio.simulator.talk import Talk

PREBOND = "00.00.00.12.ff.ff.fe.00" + ".00" * 16 + ".00.00.00.00.00.ff" + ".00" * 14
ALIVE, OLD = "00.00.0d.00.ff.ff.03.2b.00", "00.00.0d.00.ff.ff.05.2b.00.01.14.04.a0.04.ff.3f.00"
RELEASE = "ff.00.01.08.ff.ff.fe.00.00.00.00"


def stranger(mid: int, position: str = "[0.5, 0.0]", more: str = "") -> str:
    return (
        f'[[nodes]]\nproduct = "Relay"\naddress = 0\nmid = {mid}\nposition = {position}\n{more}\n'
    )


def selective(command: int, places: frozenset[int], user_data: str) -> str:
    return f"00.00.0d.02.ff.ff.{command:02x}.{frc.bitmap(places).hex('.')}.{user_data}"


def alive(talk: Talk) -> frozenset[int]:
    data = bytes.fromhex(talk.pdata(ALIVE).replace(".", ""))
    extra = bytes.fromhex(talk.pdata("00.00.0d.01.ff.ff").replace(".", ""))
    found = frc.unpack(frc.Width.BITS2, range(1, 240), data[1:] + extra, selective=False)
    assert set(found.values()) <= {0, 3}
    assert data[0] == sum(map(bool, found.values()))
    return frozenset(place for place, bits in found.items() if bits)


def mids(talk: Talk, places: frozenset[int], offset: int = 0) -> list[int]:
    user_data = f"2b.{offset:02x}.a0.04.02.00.00"
    answer = talk.pdata(selective(0xF8, places, user_data))
    extra = talk.pdata("00.00.0d.01.ff.ff")
    data = bytes.fromhex(f"{answer}.{extra}".replace(".", ""))[1:]
    return [int.from_bytes(data[start : start + 4], "little") for start in range(4, 64, 4)]


def test_who_hears_smart_connect_is_prebonded_and_says_its_mid_in_an_empty_network() -> None:
    mesh = network(stranger(0x81000001) + stranger(0x81000002) + stranger(3, "[1.5, 0.0]"))
    talk = Talk(mesh)
    assert talk.pdata(PREBOND) == "fe.00"
    assert talk.times_ms[-1] >= 10_000
    assert [node.nadr for node in mesh.world.nodes] == [TEMPORARY, TEMPORARY, None]
    places = alive(talk)
    assert len(places) == 2
    found = mids(talk, places)
    assert sorted(found[:2]) == [0x81000002, 0x81000003]
    assert not any(found[2:])


def test_a_bonded_node_passes_it_on() -> None:
    mesh = network(
        '[[nodes]]\nproduct = "Relay"\naddress = 1\nposition = [0.9, 0.0]\n'
        + stranger(3, "[1.5, 0.0]")
    )
    assert Talk(mesh).pdata(PREBOND) == "fe.01"
    assert mesh.world.nodes[1].nadr == TEMPORARY


def test_only_modules_of_one_remainder() -> None:
    mesh = network("".join(stranger(mid) for mid in range(100, 106)))
    pdata = "fe.00" + ".00" * 16 + ".01.03.ff.ff" + ".00.ff" + ".00" * 14
    Talk(mesh).pdata(f"00.00.00.12.ff.ff.{pdata}")
    prebonded = [node.mid for node in mesh.world.nodes if node.nadr == TEMPORARY]
    assert prebonded == [100, 103]


def test_two_nodes_at_one_place_are_taken_for_one_and_part_with_another_seed() -> None:
    mesh = network("".join(stranger(mid) for mid in range(1, 61)))
    talk = Talk(mesh)
    talk.pdata(PREBOND)
    assert 40 < len(alive(talk)) < 60
    elsewhere = talk.pdata(ALIVE.replace(".2b.", ".2c."))
    assert elsewhere != talk.pdata(ALIVE)


def test_the_offset_counts_places() -> None:
    mesh = network("".join(stranger(mid) for mid in range(1, 31)))
    talk = Talk(mesh)
    talk.pdata(PREBOND)
    places = alive(talk)
    assert len(places) > 15
    found = [mid for start in (0, 15) for mid in mids(talk, places, start) if mid]
    assert len(found) == len(set(found)) == len(places)


def test_old_versions_of_dpa_are_told_apart() -> None:
    mesh = network(stranger(1) + stranger(2, more="dpa = 0x0413"))
    talk = Talk(mesh)
    talk.pdata(PREBOND)
    data = bytes.fromhex(talk.pdata(OLD).replace(".", ""))[1:]
    extra = bytes.fromhex(talk.pdata("00.00.0d.01.ff.ff").replace(".", ""))
    found = frc.unpack(frc.Width.BITS2, range(1, 240), data + extra, selective=False)
    assert sorted(filter(None, found.values())) == [0b10, 0b11]


def test_authorised_in_one_request_and_the_rest_released() -> None:
    mesh = network("".join(stranger(mid) for mid in range(1, 14)))
    talk = Talk(mesh)
    talk.pdata(PREBOND)
    pairs = "".join(f".{mid + 20:02x}.{mid:02x}.00.00.00" for mid in range(1, 12))
    assert talk.pdata(f"00.00.00.0d.ff.ff{pairs}") == "00.0b"
    assert talk.pdata("00.00.00.0d.ff.ff.00.0c.00.00.00") == "01.0c"
    addresses = [node.nadr for node in mesh.world.nodes]
    assert addresses == [*range(21, 32), 1, TEMPORARY]
    talk.ask(RELEASE)
    assert mesh.world.nodes[-1].nadr is None
    assert mesh.world.nodes[0].nadr == 21


def test_who_misses_the_authorisation_stays_prebonded() -> None:
    mesh = network("".join(stranger(mid) for mid in range(1, 41)))
    talk = Talk(mesh)
    talk.pdata(PREBOND)
    mesh.world.loss = 0.3
    for mid in range(1, 41):
        talk.pdata(f"00.00.00.0d.ff.ff.{mid:02x}.{mid:02x}.00.00.00")
    left = [node for node in mesh.world.nodes if node.nadr == TEMPORARY]
    assert 3 <= len(left) <= 25
    assert len(mesh.coordinator.bonds.mids) == 40


def test_losses_on_the_way_back_leave_what_was_done() -> None:
    nodes = "".join(f'[[nodes]]\nproduct = "Relay"\naddress = {a}\n' for a in range(1, 101))
    mesh: Mesh = network(nodes, loss=0.4)
    talk = Talk(mesh)
    data = bytes.fromhex(talk.pdata("00.00.0d.00.ff.ff.02.05.01.01.ff.ff").replace(".", ""))
    acknowledged = sum(byte.bit_count() for byte in data[1:33])
    left = sum(node.nadr is None for node in mesh.world.nodes)
    assert 40 <= acknowledged < left < 100
