"""Described meshes: a TOML file that says which nodes there are and what they measure."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from attrs import evolve, frozen

from iqrf_trio.simulator.files.plan import assemble, positions, supply, unused_mids
from iqrf_trio.simulator.files.toml_table import NetworkFileError, Table
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.peripherals.os import IBK_LENGTH
from iqrf_trio.simulator.products import DPA_VERSION, GATEWAY, PRODUCTS, Product, SensorModel
from iqrf_trio.simulator.routes import Position
from iqrf_trio.simulator.signals import HOUR, Fixed, Growing, Signal, Wave
from protocol.dpa.packet import MAX_NODE, TEMPORARY
from protocol.dpa.timing import RfMode
from protocol.network.network import Value
from protocol.standard.binary_output import MAX_OUTPUTS
from protocol.standard.quantities import DATA_BLOCK
from protocol.standard.sensor import MAX_SENSORS

_RF_MODES = {"std": RfMode.STD, "lp": RfMode.LP}
_BONDS = ("good", "twin", "orphan")
"""What a node can be: a twin has the address of another one; an orphan, or a twin, is not in the
coordinator's table, but takes itself for a node of its network."""
_HIGHEST_MID = 0xFFFF_FFFE
_WORD = 0xFFFF


def read_network(path: Path, seed: int = 1, *, loss: float = 0.0) -> Mesh:
    """The mesh that a file describes; the seed decides on what the file leaves open.

    Raises NetworkFileError, with the file, the key and the reason.
    """
    try:
        return network(path.read_text("utf-8"), seed, loss=loss)
    except OSError as error:
        raise NetworkFileError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, NetworkFileError) as error:
        raise NetworkFileError(f"{path}: {error}") from error


def network(text: str, seed: int = 1, *, loss: float = 0.0) -> Mesh:
    """As `read_network`, with the text of the file."""
    try:
        top = Table("", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise NetworkFileError(f"is no TOML: {error}") from error
    random = Random(seed)
    rf_mode = _RF_MODES[top.choice("rf_mode", _RF_MODES, "std")]
    coordinator, tables = top.table("coordinator"), list(top.tables("nodes"))
    products = _products(top.tables("products"))
    top.close()
    mids = _mids([coordinator, *tables], random)
    gateway = _gateway(coordinator)
    places = positions(len(tables), random)
    standings = [_standing(table) for table in tables]
    nodes = [
        _node(table, products, mid, place, random)
        for table, mid, place in zip(tables, mids[1:], places, strict=True)
    ]
    _refuse_twins("mid", mids)
    known = [
        node
        for node, each in zip(nodes, standings, strict=True)
        if each.bond == "good" and node.nadr != TEMPORARY
    ]
    _refuse_twins("address", [node.nadr for node in known if node.nadr is not None])
    unknown = [node for node in nodes if node not in known]
    mesh = assemble(mids[0], gateway, nodes, random, loss=loss, rf_mode=rf_mode, unknown=unknown)
    for node, standing in zip(nodes, standings, strict=True):
        if standing.table_mid is not None and node.nadr in mesh.coordinator.bonds.mids:
            mesh.coordinator.bonds.set_mid(node.nadr, standing.table_mid)
    return mesh


@frozen
class _Standing:
    """What the coordinator knows of a node: its `bond`, and another MID in its table."""

    bond: str
    table_mid: int | None


def _standing(table: Table) -> _Standing:
    bond = table.choice("bond", _BONDS, "good")
    has = table.has("table_mid")
    return _Standing(bond, table.number("table_mid", 0, _HIGHEST_MID) if has else None)


def _mids(tables: list[Table], random: Random) -> list[int]:
    """The MID of each table, an unused one where it gives none."""
    given = [table.number("mid", 1, _HIGHEST_MID) if table.has("mid") else None for table in tables]
    used = [mid for mid in given if mid is not None]
    unused = iter(unused_mids(len(given), random, used))
    return [next(unused) if mid is None else mid for mid in given]


def _refuse_twins(key: str, values: list[int]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise NetworkFileError(f"{key} {value} (0x{value:08X}) is given twice")


def _gateway(table: Table) -> Product:
    product = evolve(
        GATEWAY,
        hwpid=table.number("hwpid", 0, _WORD, GATEWAY.hwpid),
        hwpid_version=table.number("hwpid_version", 0, _WORD, GATEWAY.hwpid_version),
    )
    table.close()
    return product


def _products(tables: Iterable[Table]) -> Mapping[str, Product]:
    """The products by name: those of generated meshes, and what the file adds."""
    products = {product.name: product for product in PRODUCTS}
    for table in tables:
        product = Product(
            name=table.take("name", str),
            hwpid=table.number("hwpid", 0, _WORD),
            hwpid_version=table.number("hwpid_version", 0, _WORD, 0),
            sensors=_sensors(table),
            binary_outputs=table.number("binary_outputs", 0, MAX_OUTPUTS, 0),
            light=table.take("light", bool, False),
            uart=table.take("uart", bool, False),
        )
        table.close()
        products[product.name] = product
    return products


def _node(
    table: Table,
    products: Mapping[str, Product],
    mid: int,
    place: Position,
    random: Random,
) -> Node:
    product = products[table.choice("product", products)]
    if table.has("sensors"):
        product = evolve(product, sensors=_sensors(table))
    node = Node(
        mid,
        product,
        # Address 0 is what a node has that nobody has bonded yet, 0xFE that of a prebonded one.
        nadr=_address(table),
        supply=supply(random),
        position=_position(table, place),
        online=table.take("online", bool, True),
        ibk=_key(table),
        button=table.take("button", bool, True),
        dpa=table.number("dpa", 0, _WORD, DPA_VERSION),
        frc_time=table.number("frc_time", 0, 0xFF) if table.has("frc_time") else None,
        noise=_noise(table),
    )
    table.close()
    return node


def _address(table: Table) -> int | None:
    address = table.take("address", int)
    if not 0 <= address <= MAX_NODE and address != TEMPORARY:
        raise table.error("address", f"must be in 0..{MAX_NODE}, not {address}")
    return address or None


def _noise(table: Table) -> Mapping[int, int]:
    """The signals that a node hears, by channel: pairs in a list."""
    noise = dict[int, int]()
    for pair in table.take("noise", list, []):
        if not isinstance(pair, list) or len(pair) != 2:
            raise table.error("noise", "must be a list of pairs: channel and number of signals")
        channel, count = (table.checked("noise", number, int) for number in pair)
        noise[channel] = count
    return noise


def _key(table: Table) -> bytes:
    """The bonding key of a table as hexadecimal digits; empty where it is left to the MID."""
    text = table.take("ibk", str, "")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b"?"
    if len(key) not in (0, IBK_LENGTH):
        raise table.error("ibk", f"must be {2 * IBK_LENGTH} hexadecimal digits")
    return key


def _position(table: Table, place: Position) -> Position:
    if not table.has("position"):
        return place
    given = table.take("position", list)
    if len(given) != 2:
        raise table.error("position", "must be a list of two numbers")
    x, y = (float(table.checked("position", number, float)) for number in given)
    return x, y


def _sensors(table: Table) -> tuple[SensorModel, ...]:
    """The sensors in the list of a table: type numbers, or tables that say what they measure."""
    items = table.take("sensors", list, [])
    if len(items) > MAX_SENSORS:
        raise table.error("sensors", f"are {len(items)}, a device has at most {MAX_SENSORS}")
    return tuple(
        _sensor(item if isinstance(item, dict) else {"type": item}, f"{table.place}sensors[{n}].")
        for n, item in enumerate(items)
    )


def _sensor(values: dict[str, object], place: str) -> SensorModel:
    table = Table(place, values)
    model = SensorModel.usual(table.number("type", 0, 0xFF))
    signal = _signal(table, model)
    table.close()
    return evolve(model, signal=signal)


def _signal(table: Table, model: SensorModel) -> Signal:
    """What a sensor measures: the usual, or what one of the keys of its table says."""
    if table.take("error", bool, False):
        return Fixed(None)
    if table.has("value"):
        return Fixed(_block(table) if model.type >= DATA_BLOCK else table.take("value", float))
    if table.has("low"):
        return Wave(
            table.take("low", float),
            table.take("high", float),
            table.take("period", float, HOUR),
        )
    if table.has("start"):
        return Growing(table.take("start", float), table.take("per_second", float))
    return model.signal


def _block(table: Table) -> Value:
    """The bytes of a data block."""
    given = [table.checked("value", byte, int) for byte in table.take("value", list)]
    if not all(0 <= byte <= 0xFF for byte in given):
        raise table.error("value", "must be a list of bytes")
    return tuple(given)
