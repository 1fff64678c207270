"""What was saved is what is loaded; metadata and values stay with their module and sensor."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.store import devices, sensors
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.network.network import Device, Identity, Network, Product, Sensor
from protocol.standard.quantities import Value
from protocol.strict.json import JsonObject
from tests.iqrf_trio.store.networks import AT, METADATA, VALUES, networks

TEMPERATURE = Sensor(0, 1, 0, "Temperature", "T", "°C", 4, (144, 224))
PRODUCT = Product(Identity(0x0402, 1, 0x08D8, 0x0417), "4.06D", "MICRORISC s.r.o.", "DDC-SE")
COORDINATOR = Device(0, 0x8101_0203, product=PRODUCT)
FIRST = Device(1, 0x8100_0001, product=PRODUCT, sensors=(TEMPERATURE,), metadata={"name": "a"})
SECOND = Device(2, 0x8100_0002, product=PRODUCT, light=True, metadata={"name": "b"})
NETWORK = Network.of([COORDINATOR, FIRST, SECOND])

VALUE_MAPS = st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 3)), VALUES, max_size=4)
METADATA_MAPS = st.dictionaries(st.integers(0, 5), METADATA, max_size=3)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with closing(connect(tmp_path_factory.mktemp("store") / "iqrf-trio.db")) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


@pytest.fixture
def connection(shared: Connection) -> Connection:
    devices.forget_all(shared)
    return shared


def save(connection: Connection, network: Network) -> Network:
    transact(connection, lambda connection: devices.save(connection, network), durable=False)
    return devices.load(connection)


def count(connection: Connection, table: str) -> int:
    (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(rows)


def expect_saved(before: Network, saved: Network, gone: dict[int, JsonObject]) -> Network:
    """The rules, said once more: modules by MID, sensors by index and type.

    `gone` is the metadata of modules that have left, by MID.
    """
    known = {device.mid: device for device in before}
    after = Network.of(
        evolve(
            device,
            metadata=known[device.mid].metadata,
            sensors=tuple(_survivor(known[device.mid], sensor) for sensor in device.sensors),
        )
        if device.mid in known
        else evolve(device, metadata=gone.pop(device.mid, device.metadata))
        for device in saved
    )
    staying = {device.mid for device in saved}
    for device in before:
        if device.mid not in staying and device.metadata is not None:
            gone[device.mid] = device.metadata
    return after


def _survivor(before: Device, sensor: Sensor) -> Sensor:
    for old in before.sensors:
        if (old.index, old.type) == (sensor.index, sensor.type):
            return evolve(sensor, value=old.value, updated=old.updated)
    return sensor


def expect_values(before: Network, values: Mapping[tuple[int, int], Value]) -> Network:
    return Network.of(
        evolve(
            device,
            sensors=tuple(
                evolve(sensor, value=values[device.address, sensor.index], updated=AT)
                if (device.address, sensor.index) in values
                else sensor
                for sensor in device.sensors
            ),
        )
        for device in before
    )


def expect_metadata(before: Network, metadata: Mapping[int, JsonObject | None]) -> Network:
    return Network.of(
        evolve(device, metadata=metadata.get(device.address, device.metadata)) for device in before
    )


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.just("network"), networks())
        | st.tuples(st.just("values"), VALUE_MAPS)
        | st.tuples(st.just("metadata"), METADATA_MAPS),
        max_size=8,
    )
)
def test_the_store_follows_its_rules(shared: Connection, steps: list[tuple[str, object]]) -> None:
    devices.forget_all(shared)
    expected = Network()
    gone: dict[int, JsonObject] = {}
    for step in steps:
        match step:
            case "network", Network() as network:
                expected = expect_saved(expected, network, gone)
                save(shared, network)
            case "values", dict() as values:
                expected = expect_values(expected, values)
                sensors.save_values(shared, values, AT)
            case "metadata", dict() as metadata:
                expected = expect_metadata(expected, metadata)
                devices.set_metadata(shared, metadata)
        assert devices.load(shared) == expected
    before = shared.total_changes
    assert save(shared, expected) == expected
    assert shared.total_changes == before


def _bare(network: Network) -> Network:
    return Network.of(
        evolve(
            device,
            metadata=None,
            sensors=tuple(evolve(sensor, value=None, updated=None) for sensor in device.sensors),
        )
        for device in network
    )


@pytest.mark.slow
@given(st.lists(networks(twins=True), max_size=4))
def test_modules_that_share_a_mid_are_stored_all_the_same(
    shared: Connection, saved: list[Network]
) -> None:
    devices.forget_all(shared)
    for network in saved:
        assert _bare(save(shared, network)) == _bare(network)
        before = shared.total_changes
        save(shared, network)
        assert shared.total_changes == before


def test_saving_the_same_network_again_writes_nothing(connection: Connection) -> None:
    save(connection, NETWORK)
    before = connection.total_changes
    assert save(connection, NETWORK) == NETWORK
    assert connection.total_changes == before


def test_a_change_writes_the_row_it_concerns(connection: Connection) -> None:
    save(connection, NETWORK)
    before = connection.total_changes
    save(connection, Network.of([COORDINATOR, evolve(FIRST, vrn=1, zone=1, parent=0), SECOND]))
    assert connection.total_changes == before + 1


def test_two_nodes_exchange_their_addresses_and_keep_what_is_theirs(
    connection: Connection,
) -> None:
    save(connection, NETWORK)
    sensors.save_values(connection, {(1, 0): 21.5}, AT)
    exchanged = save(
        connection,
        Network.of(
            [
                COORDINATOR,
                evolve(FIRST, address=2, metadata=None),
                evolve(SECOND, address=1, metadata=None),
            ]
        ),
    )
    assert [(node.address, node.mid, node.metadata) for node in exchanged.nodes] == [
        (1, SECOND.mid, {"name": "b"}),
        (2, FIRST.mid, {"name": "a"}),
    ]
    assert exchanged.nodes[1].sensors[0].value == 21.5


def test_three_nodes_move_round(connection: Connection) -> None:
    nodes = [Device(address, 100 + address) for address in (1, 2, 3)]
    save(connection, Network.of(nodes))
    moved = Network.of(evolve(node, address=node.address % 3 + 1) for node in nodes)
    assert save(connection, moved) == moved


def test_another_module_at_an_address_starts_with_nothing(connection: Connection) -> None:
    save(connection, NETWORK)
    sensors.save_values(connection, {(1, 0): 21.5}, AT)
    other = evolve(FIRST, mid=0x8100_00FF, metadata=None)
    assert save(connection, Network.of([COORDINATOR, other, SECOND])).get(1) == other


def test_a_removed_node_takes_everything_with_it(connection: Connection) -> None:
    save(connection, NETWORK)
    save(connection, Network.of([COORDINATOR, SECOND]))
    assert count(connection, "sensor") == 0
    assert save(connection, NETWORK) == NETWORK


def test_bonds_whose_mid_nobody_knows_are_not_taken_for_one_another(
    connection: Connection,
) -> None:
    unknown = Device(5, 0, metadata={"name": "at five"})
    save(connection, Network.of([unknown]))
    moved = save(connection, Network.of([Device(6, 0)]))
    assert moved == Network.of([Device(6, 0)])


def test_a_product_is_stored_once_and_only_while_a_device_has_it(connection: Connection) -> None:
    save(connection, NETWORK)
    assert count(connection, "product") == 1
    renamed = evolve(PRODUCT, name="DDC-SE+RE")
    network = Network.of(evolve(device, product=renamed) for device in NETWORK)
    assert save(connection, network) == network
    assert count(connection, "product") == 1
    save(connection, Network.of(evolve(device, product=None) for device in NETWORK))
    assert count(connection, "product") == 0


def test_what_a_sensor_is_called_may_change_under_its_value(connection: Connection) -> None:
    save(connection, NETWORK)
    sensors.save_values(connection, {(1, 0): 21.5}, AT)
    renamed = evolve(TEMPERATURE, name="Outside", decimals=1, type_index=1)
    network = save(connection, Network.of([evolve(FIRST, sensors=(renamed,))]))
    assert network.nodes[0].sensors == (evolve(renamed, value=21.5, updated=AT),)


def test_a_sensor_of_another_type_is_another_sensor(connection: Connection) -> None:
    save(connection, NETWORK)
    sensors.save_values(connection, {(1, 0): 21.5}, AT)
    humidity = Sensor(0, 128, 0, "Relative humidity", "RH", "%", 1, (144,))
    network = save(connection, Network.of([evolve(FIRST, sensors=(humidity,))]))
    assert network.nodes[0].sensors == (humidity,)


def test_three_hundred_bonds_one_after_another(connection: Connection) -> None:
    for bond in range(300):
        node = Device(1, 1000 + bond, product=PRODUCT, sensors=(TEMPERATURE,))
        assert save(connection, Network.of([COORDINATOR, node])).get(1) == node
    assert count(connection, "device") == 2
    assert count(connection, "sensor") == 1


def test_a_full_network(connection: Connection) -> None:
    nodes = [
        Device(address, 0xFFFF_0000 + address, product=PRODUCT, sensors=(TEMPERATURE,))
        for address in range(1, 240)
    ]
    network = Network.of([COORDINATOR, *nodes])
    assert save(connection, network) == network


def test_metadata_of_unknown_addresses_is_told(connection: Connection) -> None:
    save(connection, NETWORK)
    kept = devices.set_metadata(connection, {1: {"x": 1}, 2: None, 7: {}, 239: None})
    assert kept == {1: {"x": 1}, 2: None}
    network = devices.load(connection)
    assert [node.metadata for node in network.nodes] == [{"x": 1}, None]


def test_the_same_metadata_again_writes_nothing(connection: Connection) -> None:
    save(connection, NETWORK)
    before = connection.total_changes
    devices.set_metadata(connection, {0: None, 1: {"name": "a"}})
    assert connection.total_changes == before


def test_metadata_that_could_not_be_given_out_again_is_refused(connection: Connection) -> None:
    save(connection, NETWORK)
    nested: JsonObject = {}
    for _ in range(200):
        nested = {"deeper": nested}
    with pytest.raises(StoreError, match="100 levels"):
        devices.set_metadata(connection, {1: nested})
    assert devices.load(connection) == NETWORK


def test_forgetting_leaves_no_row(connection: Connection) -> None:
    save(connection, NETWORK)
    devices.forget_all(connection)
    assert devices.load(connection) == Network()
    assert [count(connection, table) for table in ("device", "product", "sensor")] == [0, 0, 0]


def test_times_are_kept_to_the_millisecond(connection: Connection) -> None:
    save(connection, NETWORK)
    sensors.save_values(connection, {(1, 0): 1}, AT + timedelta(microseconds=1999))
    assert devices.load(connection).nodes[0].sensors[0].updated == AT + timedelta(milliseconds=1)


def note(connection: Connection, metadata: Mapping[int, JsonObject | None]) -> None:
    transact(
        connection,
        lambda connection: devices.set_metadata(connection, metadata),
        durable=False,
    )


def test_metadata_is_bounded_in_its_sum(connection: Connection) -> None:
    devices.save(connection, NETWORK)
    half = {"note": "x" * (devices.MAX_METADATA // 2 - 100)}
    note(connection, {0: half, 1: half})
    with pytest.raises(StoreError, match=f"and {devices.MAX_METADATA} may be stored; remove some"):
        note(connection, {2: half})
    with pytest.raises(StoreError):  # what JSON escapes counts as it is stored
        note(connection, {2: {"note": "\u20ac" * 1000}})
    note(connection, {2: {"note": "x"}, 1: None})
    note(connection, {1: half})


def test_more_metadata_than_may_be_can_become_less(connection: Connection) -> None:
    much = {"note": "x" * devices.MAX_METADATA}
    network = Network.of([evolve(device, metadata=much) for device in NETWORK])
    devices.save(connection, network)
    note(connection, {1: None})
    with pytest.raises(StoreError):
        note(connection, {1: {"name": "a"}})
    note(connection, {0: None, 2: {"name": "b"}})
