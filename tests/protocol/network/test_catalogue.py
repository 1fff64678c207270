"""Names for products: by HWPID, and for generic sensors by their place in the product."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.network.catalogue import Catalogue, CatalogueError, Entry, dump, parse
from protocol.network.network import Device, Identity, Network, Product
from protocol.network.standards import sensors_of

KIT = """
[[product]]
hwpid = 0x0402
manufacturer = "IQRF Tech s.r.o."
name = "DDC"

[[product.sensor]]
index = 1
type = 129
name = "Potentiometer"
short_name = "pot"
unit = "%"
decimals = 1
scale = 0.5
"""

PRODUCT = Product(Identity(0x0402, 2, 0x08D8, 0x0417), "4.06D")
DEVICE = Device(1, 10, product=PRODUCT, sensors=sensors_of((129, 129)))


def test_names_of_product_and_sensors() -> None:
    (device,) = parse(KIT).applied(Network.of([DEVICE]))
    assert device.product is not None
    assert (device.product.manufacturer, device.product.name) == ("IQRF Tech s.r.o.", "DDC")
    first, second = device.sensors
    assert first == DEVICE.sensors[0]
    assert (second.name, second.short_name, second.unit, second.decimals, second.scale) == (
        "Potentiometer",
        "pot",
        "%",
        1,
        0.5,
    )
    assert (second.scaled(57), second.scaled(57.25), second.scaled((1, 2))) == (28.5, 28.6, (1, 2))
    assert first.scaled(57) == 57


def test_a_sensor_of_another_type_at_that_place_is_another_sensor() -> None:
    other = Network.of([Device(1, 10, product=PRODUCT, sensors=sensors_of((129, 1)))])
    (device,) = parse(KIT).applied(other)
    assert [sensor.name for sensor in device.sensors] == ["Binary data7", "Temperature"]


def test_what_is_not_known_stays() -> None:
    named = Product(Identity(5, 1, 0x08D8, 0x0417), "4.06D", "imported", "from elsewhere")
    network = Network.of([Device(0, 1), Device(1, 2, product=named)])
    assert parse(KIT).applied(network) == network
    assert Catalogue().applied(Network.of([DEVICE])) == Network.of([DEVICE])


def test_the_later_catalogue_counts() -> None:
    other = parse('[[product]]\nhwpid = 1026\nmanufacturer = "me"\nname = "mine"')
    entry = (parse(KIT) | other).get(0x0402)
    assert entry == Entry(0x0402, "me", "mine")
    assert len(parse(KIT) | other) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x=", "is no TOML: "),
        ("y = 1", "y is no known key (known are product)"),
        ("product = 3", "product must be a list, not 3"),
        ("[[product]]\nhwpid = 1", "product[0].manufacturer is missing"),
        (KIT.replace("0x0402", "70000"), "product[0].hwpid must be at most 65535, not 70000"),
        (KIT.replace("index = 1", "index = 32"), "product[0].sensor[0].index must be at most 31"),
        (KIT.replace('"%"', "5"), "product[0].sensor[0].unit must be a text, not 5"),
    ],
)
def test_what_is_no_catalogue(text: str, reason: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse(text)
    assert str(caught.value).startswith(reason)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.lists(st.builds(Entry, st.integers(0, 0xFFFF), _TEXTS, _TEXTS), unique_by=lambda e: e.hwpid)
)
def test_what_is_written_can_be_read(entries: list[Entry]) -> None:
    assert parse(dump(entries)) == Catalogue(entries)
