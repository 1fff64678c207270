"""Standards are asked once per product, and a sensor that stays keeps its value."""

from datetime import UTC, datetime

from attrs import evolve

from protocol.network.network import Device, Identity, Network, Product
from protocol.network.standards import (
    Question,
    Standards,
    already_told,
    described,
    questions,
    sensors_of,
    undescribed,
)

SENSOR = Product(Identity(0x0402, 2, 0x08C8, 0x0417), "4.06D")
RELAY = Product(Identity(0x0B01, 1, 0x08C8, 0x0417), "4.06D")
UNCERTIFIED = Product(Identity(0x123F, 1, 0x08C8, 0x0417), "4.06D")


def network(*products: Product | None) -> Network:
    nodes = (Device(number, 100 + number, product=each) for number, each in enumerate(products, 1))
    return Network.of([Device(0, 1), *nodes])


def test_one_question_per_product() -> None:
    mesh = network(SENSOR, RELAY, SENSOR, None)
    assert undescribed(mesh) == {1, 2, 3}
    assert set(questions(mesh, undescribed(mesh))) == {
        Question(SENSOR.identity, (1, 3)),
        Question(RELAY.identity, (2,)),
    }


def test_another_version_is_another_product() -> None:
    newer = evolve(SENSOR, identity=evolve(SENSOR.identity, hwpid_version=3))
    mesh = network(SENSOR, newer)
    assert len(questions(mesh, undescribed(mesh))) == 2


def test_those_that_answered_last_time_are_asked_first() -> None:
    mesh = network(SENSOR, SENSOR, SENSOR)
    silent = Network.of(evolve(each, responding=each.address != 1) for each in mesh)
    assert [question.ask for question in questions(silent, undescribed(silent))] == [(2, 3, 1)]


def test_uncertified_devices_are_asked_each() -> None:
    mesh = network(UNCERTIFIED, UNCERTIFIED)
    assert [question.ask for question in questions(mesh, undescribed(mesh))] == [(1,), (2,)]


def test_what_a_product_told_before_serves_its_newcomers() -> None:
    mesh = described(network(SENSOR, SENSOR, RELAY), {1: Standards((1, 128))})
    assert undescribed(mesh) == {2, 3}
    assert already_told(mesh, undescribed(mesh)) == {2: Standards((1, 128))}


def test_nobody_vouches_for_uncertified_devices_or_for_those_asked_again() -> None:
    mesh = described(network(UNCERTIFIED, UNCERTIFIED, SENSOR), {1: Standards((1,))})
    assert already_told(mesh, frozenset((2,))) == {}
    mesh = described(network(SENSOR, SENSOR), {1: Standards((1,)), 2: Standards((1,))})
    assert already_told(mesh, frozenset((1, 2))) == {}


def test_sensors_are_numbered_over_all_and_within_their_type() -> None:
    told = sensors_of((1, 128, 1, 1, 128))
    assert [(each.index, each.type, each.type_index) for each in told] == [
        (0, 1, 0),
        (1, 128, 0),
        (2, 1, 1),
        (3, 1, 2),
        (4, 128, 1),
    ]
    assert (told[0].name, told[0].unit, told[0].frcs) == ("Temperature", "°C", (144, 224))


def test_the_highest_type_and_an_unknown_one_are_sensors_too() -> None:
    assert [each.type for each in sensors_of((255, 60))] == [255, 60]


def test_type_zero_is_no_sensor_but_has_its_index() -> None:
    assert [(each.index, each.type) for each in sensors_of((1, 0, 1))] == [(0, 1), (2, 1)]
    mesh = described(network(SENSOR, SENSOR), {1: Standards((1, 0, 1))})
    assert already_told(mesh, undescribed(mesh)) == {2: Standards((1, 0, 1))}


def test_a_sensor_that_stays_keeps_its_value_and_a_changed_one_does_not() -> None:
    (mesh,) = described(network(SENSOR), {1: Standards((1, 128), 2, light=True)}).nodes
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    measured = tuple(evolve(each, value=21.5, updated=noon) for each in mesh.sensors)
    before = Network.of([evolve(mesh, sensors=measured)])
    (after,) = described(before, {1: Standards((1, 129, 1))})
    assert [(each.type, each.value, each.updated) for each in after.sensors] == [
        (1, 21.5, noon),
        (129, None, None),
        (1, None, None),
    ]
    assert (after.binary_outputs, after.light, after.standards_known) == (0, False, True)
