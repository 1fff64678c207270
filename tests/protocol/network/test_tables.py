"""The coordinator's tables: few reads, none of them empty, and what they make of the network."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.peripherals.memory import MAX_READ
from protocol.network.network import Device, Identity, Network, Product
from protocol.network.tables import MIDS, VRNS, Survey, Table, nameless, surveyed

COORDINATOR = Device(0, 0x8100528A, standards_known=True)
PRODUCT = Product(Identity(0x0402, 1, 0x08C8, 0x0417), "4.06D")


def survey(mids: dict[int, int], routes: dict[int, tuple[int, int, int]] | None = None) -> Survey:
    """A network of these MIDs by address, and of (VRN, zone byte, parent's VRN) by address."""
    routes = routes or {}
    return Survey(
        coordinator=COORDINATOR,
        bonded=frozenset(mids),
        discovered=frozenset(routes),
        mids={address: mid.to_bytes(4, "little") + b"\xff" * 4 for address, mid in mids.items()},
        vrns={address: bytes((vrn,)) for address, (vrn, _, _) in routes.items()},
        zones={address: bytes((zone,)) for address, (_, zone, _) in routes.items()},
        parents={address: bytes((parent,)) for address, (_, _, parent) in routes.items()},
    )


@given(st.frozensets(st.integers(0, 239)), st.sampled_from((MIDS, VRNS)))
def test_reads_cover_the_wanted_records_and_are_never_empty(
    addresses: frozenset[int], table: Table
) -> None:
    covered: set[int] = set()
    for read in table.reads(addresses):
        assert 0 < read.length <= MAX_READ
        assert read.memory_address == table.base + read.first * table.record
        covered |= read.records(bytes(read.length)).keys()
        assert {read.first, read.first + read.count - 1} <= addresses
    assert addresses <= covered


def test_the_highest_discovered_address_never_makes_a_read_of_no_bytes() -> None:
    for highest in (53, 107, 161, 215):
        reads = VRNS.reads(range(1, highest + 1))
        assert [read.length for read in reads][:-1] == [MAX_READ] * (len(reads) - 1)
        assert reads[-1].length > 0


def test_records_are_cut_out_of_what_was_read() -> None:
    (read,) = MIDS.reads((1, 2))
    data = bytes.fromhex("405c1181ffffffff" + "587c1181ffffffff")
    assert (read.memory_address, read.length) == (0x4008, 16)
    assert read.records(data) == {1: data[:8], 2: data[8:]}


def test_a_first_survey_makes_devices_of_bonded_nodes() -> None:
    network = surveyed(
        Network(), survey({1: 0x81115C40, 7: 0x81117C58}, {1: (1, 1, 0), 7: (2, 2, 1)})
    )
    assert list(network) == [
        COORDINATOR,
        Device(1, 0x81115C40, discovered=True, vrn=1, zone=0, parent=0),
        Device(7, 0x81117C58, discovered=True, vrn=2, zone=1, parent=1),
    ]


def test_the_parent_is_told_by_vrn_and_shown_as_an_address() -> None:
    routes = {3: (1, 1, 0), 9: (2, 2, 1), 5: (3, 3, 2), 4: (4, 3, 99)}
    network = surveyed(Network(), survey({3: 30, 9: 90, 5: 50, 4: 40}, routes))
    assert {node.address: node.parent for node in network.nodes} == {3: 0, 4: None, 5: 9, 9: 3}


def test_a_zone_byte_of_zero_is_zone_zero() -> None:
    network = surveyed(Network(), survey({1: 10}, {1: (1, 0, 0)}))
    assert [node.zone for node in network.nodes] == [0]


def test_what_is_known_of_a_module_moves_with_it() -> None:
    before = Network.of(
        [
            Device(1, 10, product=PRODUCT, standards_known=True, metadata={"name": "attic"}),
            Device(2, 20, binary_outputs=4, standards_known=True, metadata={"name": "cellar"}),
        ]
    )
    after = surveyed(before, survey({1: 20, 2: 10}))
    assert [(node.address, node.mid, node.metadata) for node in after.nodes] == [
        (1, 20, {"name": "cellar"}),
        (2, 10, {"name": "attic"}),
    ]
    assert [node.binary_outputs for node in after.nodes] == [4, 0]


def test_the_coordinator_keeps_its_metadata_and_the_names_of_its_product() -> None:
    named = evolve(PRODUCT, name="Gateway")
    before = Network.of([evolve(COORDINATOR, product=named, metadata={"name": "roof"})])
    now = evolve(survey({}), coordinator=evolve(COORDINATOR, product=PRODUCT))
    assert list(surveyed(before, now)) == list(before)
    another = evolve(now, coordinator=evolve(COORDINATOR, mid=5, product=PRODUCT))
    assert list(surveyed(before, another)) == [another.coordinator]


def test_a_node_that_left_is_gone_and_topology_is_always_fresh() -> None:
    before = surveyed(Network(), survey({1: 10, 2: 20}, {1: (1, 1, 0), 2: (2, 2, 1)}))
    after = surveyed(before, survey({2: 20}, {2: (1, 1, 0)}))
    assert [(node.address, node.vrn, node.zone, node.parent) for node in after.nodes] == [
        (2, 1, 0, 0)
    ]
    undiscovered = surveyed(before, survey({2: 20}))
    assert [(node.discovered, node.parent) for node in undiscovered.nodes] == [(False, None)]


def test_a_node_without_a_mid_of_its_own_is_left_out() -> None:
    told = survey({1: 10, 2: 0xFFFFFFFF, 3: 10, 4: 0, 5: 50})
    network = surveyed(Network(), told)
    assert [node.address for node in network.nodes] == [1, 5]
    assert nameless(told, network) == (2, 3, 4)


def test_of_twins_the_one_that_was_there_before_is_the_module() -> None:
    before = Network.of([Device(9, 10, metadata={"name": "nine"})])
    after = surveyed(before, survey({5: 10, 9: 10}))
    assert [(node.address, node.metadata) for node in after.nodes] == [(9, {"name": "nine"})]
