"""Who is asked, and what the memory reads of four bytes say."""

import pytest
from attrs import evolve

from protocol.enumeration import identity
from protocol.network import Device, Identity, Network, Product

SENSOR = Product(Identity(0x0402, 2, 0x08C8, 0x0417), "4.06D")
RELAY = Product(Identity(0x0B01, 1, 0x08C8, 0x0417), "4.06D")


def test_the_user_data_of_the_passes() -> None:
    # Inc 1, reserved 0, RAM address LE, PNUM, PCMD, no data.
    assert [step.user_data.hex() for step in identity.PASSES] == [
        "0100" + "a704" + "ff3f" + "00",
        "0100" + "a004" + "ff3f" + "00",
        "0100" + "a404" + "0200" + "00",
    ]
    assert {step.command for step in identity.PASSES} == {0xFA}


def test_answers_are_one_more_than_what_was_read() -> None:
    answers = {
        identity.HWPID_PASS: {7: 0x0002_0402 + 1},
        identity.DPA_PASS: {7: 0x0105_8417 + 1},
        identity.OS_PASS: {7: 0x08C8_2446 + 1},
    }
    assert identity.products_of_passes(answers) == {7: SENSOR}


def test_a_node_silent_in_one_pass_is_left_for_a_unicast() -> None:
    whole = {1: 0x0002_0402 + 1, 2: 0x0002_0402 + 1}
    answers = {
        identity.HWPID_PASS: whole,
        identity.DPA_PASS: {1: 0x0417 + 1, 2: 0},
        identity.OS_PASS: {1: 0x08C8_2446 + 1, 2: 0x08C8_2446 + 1},
    }
    assert identity.products_of_passes(answers).keys() == {1}


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
        ]
    )
    now = Network.of(
        [
            Device(0, 1),
            Device(1, 10, product=SENSOR),
            Device(2, 21, product=None),
            Device(3, 30),
            Device(4, 20, product=SENSOR),
        ]
    )
    assert identity.to_identify(before, now, everyone=False) == (2, 3, 4)
    assert identity.to_identify(before, now, everyone=True) == (1, 2, 3, 4)
    assert identity.to_identify(now, now, everyone=False) == (2, 3)


def test_another_product_has_other_standards() -> None:
    network = Network.of([Device(1, 10, product=RELAY, standards_known=True, binary_outputs=4)])
    same = identity.identified(network, {1: RELAY})
    assert list(same) == list(network)
    (changed,) = identity.identified(network, {1: SENSOR})
    assert (changed.product, changed.standards_known, changed.binary_outputs) == (SENSOR, False, 0)


@pytest.mark.parametrize(
    ("addresses", "text"), [([3], "3"), ([12, 3], "3 and 12"), ([1, 9, 5], "1, 5 and 9")]
)
def test_addresses_in_words(addresses: list[int], text: str) -> None:
    assert identity.listed(addresses) == text
