"""Networks as the store would give them, for the tests of answers about devices."""

from datetime import UTC, datetime

from protocol.network.network import Device, Identity, Network, Product, Sensor

UPDATED = datetime(2025, 6, 2, 8, 2, 36, 999_000, tzinfo=UTC)

COORDINATOR = Device(
    0,
    2164293634,
    product=Product(Identity(12292, 6, 2264, 1047), "4.06D", "MICRORISC s.r.o.", "IQUBE"),
    standards_known=True,
    metadata={"name": "coord"},
)
TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224), 0, UPDATED)
LIGHT = Sensor(1, 129, 0, "Light indicator", "light", "%", 1, (16, 144), 44.9, UPDATED)
BLOCK = Sensor(2, 192, 0, "Data block", "datablock", None, 0, (), (1, 2), UPDATED)
ENERGY = Sensor(3, 161, 0, "Consumption", "E", "Wh", 0, (249,))
NODE = Device(
    1,
    2165406801,
    discovered=True,
    vrn=1,
    zone=0,
    parent=0,
    product=Product(Identity(1026, 2, 2264, 1047), "4.06D", "IQRF Tech s.r.o.", "DDC-SE-01"),
    standards_known=True,
    sensors=(TEMPERATURE, LIGHT, BLOCK, ENERGY),
    binary_outputs=4,
    metadata={"name": "sensor 1"},
)
LAMP = Device(2, 7, product=Product(Identity(22530, 1, 2264, 1047), "4.06D"), light=True)
SILENT = Device(9, 0)

NETWORK = Network.of((COORDINATOR, NODE, LAMP, SILENT))
