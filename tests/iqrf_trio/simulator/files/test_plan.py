"""Generated meshes are plausible, and the same for the same seed."""

from collections import Counter

import pytest

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS
from tests.iqrf_trio.simulator.talk import Talk


def described(mesh: Mesh) -> list[tuple[object, ...]]:
    bonds = mesh.coordinator.bonds
    return [
        (node.nadr, node.mid, node.product.name, node.supply, node.ibk, bonds.routes[address])
        for address, node in enumerate(mesh.world.nodes, 1)
    ]


def test_the_seed_decides_on_everything() -> None:
    assert described(generate(30, 7)) == described(generate(30, 7))
    assert described(generate(30, 7)) != described(generate(30, 8))


@pytest.mark.parametrize("nodes", [0, 1, 12, 239])
def test_addresses_are_1_to_n_and_all_are_bonded_and_discovered(nodes: int) -> None:
    mesh = generate(nodes)
    bonds = mesh.coordinator.bonds
    assert [node.nadr for node in mesh.world.nodes] == list(range(1, nodes + 1))
    assert list(bonds.mids) == list(range(1, nodes + 1))
    assert set(bonds.routes) == set(bonds.mids)
    mids = [*bonds.mids.values(), mesh.coordinator.mid]
    assert len(set(mids)) == nodes + 1
    assert {mid >> 20 for mid in mids} == {0x810}


@pytest.mark.parametrize("nodes", [-1, 240])
def test_a_mesh_has_at_most_239_nodes(nodes: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.239"):
        generate(nodes)


def test_larger_meshes_have_more_zones() -> None:
    def zones(nodes: int) -> int:
        return len(Counter(r.zone for r in generate(nodes).coordinator.bonds.routes.values()))

    assert zones(1) == 1
    assert 2 <= zones(12) <= 4
    assert 5 <= zones(239) <= 20


def test_vrns_differ_from_addresses_somewhere() -> None:
    routes = generate(12).coordinator.bonds.routes
    assert any(route.vrn != address for address, route in routes.items())


def test_five_products_take_turns_and_none_is_uncertified() -> None:
    mesh = generate(11)
    names = [node.product.name for node in mesh.world.nodes]
    assert names[:5] == [product.name for product in PRODUCTS]
    assert names[5:10] == names[:5]
    assert len({product.hwpid for product in (*PRODUCTS, GATEWAY)}) == 6
    assert all(product.hwpid & 0xF != 0xF for product in (*PRODUCTS, GATEWAY))


def test_what_the_products_tell_about_themselves() -> None:
    talk = Talk(generate(5))
    # Of 12 bytes of user peripherals: 0x5E is bit 6 of byte 7, 0x4B and 0x4A bits 3 and 2 of
    # byte 5. No zeros follow.
    assert talk.pdata("01.00.ff.3f.ff.ff") == (
        "17.04.01.fe.26.00.00.10.2a.03.01.01.00.00.00.00.00.00.00.40"
    )
    assert talk.pdata("03.00.ff.3f.ff.ff").endswith("30.2a.01.01.01.00.00.00.00.00.08")
    assert talk.pdata("04.00.ff.3f.ff.ff").endswith("40.2a.00.02.01.00.00.00.00.00.04")
    assert talk.pdata("01.00.5e.3e.ff.ff") == "01.02.80"
    assert talk.pdata("02.00.5e.3e.ff.ff") == "01.01"
    assert talk.pdata("03.00.4b.3e.ff.ff") == "04"
    assert talk.pdata("05.00.5e.3e.ff.ff") == "a1.a3"


def test_values_move_slowly_and_only_with_time() -> None:
    talk = Talk(generate(2))

    def value(now: float) -> str:
        talk.now = now
        return talk.pdata("01.00.5e.00.ff.ff.07.00.00.00")

    first = value(1000)
    assert Talk(generate(2), now=1000).pdata("01.00.5e.00.ff.ff.07.00.00.00") == first
    assert value(1000 + 1800) != first
