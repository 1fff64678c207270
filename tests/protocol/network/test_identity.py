"""Who is asked, and what the memory reads of four bytes say."""

import pytest
from attrs import evolve

from protocol.network import identity
from protocol.network.network import Device, Identity, Network, Product

SENSOR = Product(Identity(0x0402, 2, 0x08C8, 0x0417), "4.06D")
RELAY = Product(Identity(0x0B01, 1, 0x08C8, 0x0417), "4.06D")


COORDINATOR = Identity(0x3004, 6, 0x08D8, 0x0410)


def test_the_user_data_of_the_passes() -> None:
    # Memory read of four bytes: Inc 1, reserved 0, RAM address LE, PNUM, PCMD, no data.
    assert [(step.command, step.user_data.hex()) for step in identity.PASSES] == [
        (0xFA, "0100" + "a704" + "ff3f" + "00"),
        (0xFA, "0100" + "a404" + "0200" + "00"),
        (0x83, "a004" + "ff3f" + "00"),
    ]


def test_a_pass_asks_as_many_nodes_at_once_as_fit() -> None:
    nodes = range(1, 240)
    assert [len(step.groups(nodes)) for step in identity.PASSES] == [16, 16, 4]


def test_answers_are_one_more_than_what_was_read() -> None:
    answers = {
        identity.HWPID_PASS: {7: 0x0002_0402 + 1},
        identity.OS_PASS: {7: 0x08C8_2446 + 1},
        identity.DPA_PASS: {7: 0x97 + 1},  # bit 7 is no digit of the version
    }
    assert identity.products_of_passes(answers, COORDINATOR) == {7: SENSOR}


def test_a_node_silent_in_one_pass_is_left_for_a_unicast() -> None:
    answers = {
        identity.HWPID_PASS: dict.fromkeys((1, 2, 3, 4), 0x0002_0402 + 1) | {4: 0},
        identity.OS_PASS: dict.fromkeys((1, 2, 3, 4), 0x08C8_2446 + 1) | {3: 0},
        identity.DPA_PASS: dict.fromkeys((1, 2, 3, 4), 0x17 + 1) | {2: 0},
    }
    assert identity.products_of_passes(answers, COORDINATOR).keys() == {1}


def test_not_knowing_a_pass_is_no_answer_but_the_hwpid_may_be_zero() -> None:
    plain = {identity.HWPID_PASS: {1: 1}, identity.DPA_PASS: {1: 0x17 + 1}}
    assert identity.products_of_passes(plain | {identity.OS_PASS: {1: 1}}, COORDINATOR) == {}
    (product,) = identity.products_of_passes(
        plain | {identity.OS_PASS: {1: 0x08C8_2446 + 1}}, COORDINATOR
    ).values()
    assert (product.identity.hwpid, product.identity.hwpid_version) == (0, 0)


@pytest.mark.parametrize(
    ("dpa", "count", "pays"), [(0x0417, 3, True), (0x0417, 2, False), (0x0401, 100, False)]
)
def test_when_frc_pays(dpa: int, count: int, pays: bool) -> None:
    product = evolve(SENSOR, identity=evolve(SENSOR.identity, dpa=dpa))
    assert identity.frc_pays(Device(0, 1, product=product), count) is pays


def test_only_new_changed_and_unknown_nodes_are_asked() -> None:
    before = Network.of(
        [
            Device(0, 1),
            Device(1, 10, product=SENSOR),
            Device(2, 20, product=SENSOR),
            Device(3, 30),
            Device(5, 50, product=SENSOR, responding=False),
        ]
    )
    now = Network.of(
        [
            Device(0, 1),
            Device(1, 10, product=SENSOR),
            Device(2, 21, product=None),
            Device(3, 30),
            Device(4, 20, product=SENSOR),
            Device(5, 50, product=SENSOR, responding=False),
        ]
    )
    assert identity.to_identify(before, now, everyone=False) == (2, 3, 4, 5)
    assert identity.to_identify(before, now, everyone=True) == (1, 2, 3, 4, 5)
    assert identity.to_identify(now, now, everyone=False) == (2, 3, 5)


def test_another_product_has_other_standards() -> None:
    network = Network.of([Device(1, 10, product=RELAY, standards_known=True, binary_outputs=4)])
    same = identity.identified(network, {1: RELAY})
    assert list(same) == list(network)
    (changed,) = identity.identified(network, {1: SENSOR})
    assert (changed.product, changed.standards_known, changed.binary_outputs) == (SENSOR, False, 0)


def test_who_kept_silent_is_noted_and_loses_nothing() -> None:
    device = Device(1, 10, product=RELAY, standards_known=True, binary_outputs=4)
    network = Network.of([device, Device(2, 20)])
    unheard = identity.identified(network, {}, silent=[1])
    assert list(unheard) == [evolve(device, responding=False), Device(2, 20)]
    assert list(identity.identified(unheard, {}, silent=[])) == list(unheard)
    assert list(identity.identified(unheard, {1: RELAY})) == list(network)


def test_the_same_product_keeps_its_names() -> None:
    named = evolve(RELAY, manufacturer="MICRORISC s.r.o.", name="Relay")
    assert identity.renewed(named, RELAY) == named
    assert identity.renewed(named, evolve(RELAY, name="New")).name == "New"
    assert identity.renewed(named, SENSOR) == SENSOR
    assert identity.renewed(None, RELAY) == RELAY


@pytest.mark.parametrize(
    ("addresses", "text"), [([3], "3"), ([12, 3], "3 and 12"), ([1, 9, 5], "1, 5 and 9")]
)
def test_addresses_in_words(addresses: list[int], text: str) -> None:
    assert identity.listed(addresses) == text
