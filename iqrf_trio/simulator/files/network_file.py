"""Described meshes: a TOML file that says which nodes there are and what they measure."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from attrs import evolve

from iqrf_trio.simulator.files.errors import NetworkFileError
from iqrf_trio.simulator.files.plan import assemble, positions, supply, unused_mids
from iqrf_trio.simulator.files.tables import (
    CoordinatorTable,
    NetworkTable,
    NodeTable,
    Noise,
    ProductTable,
    SensorTable,
    reading,
)
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.products import GATEWAY, PRODUCTS, Product, SensorModel
from iqrf_trio.simulator.routes import Position
from protocol.dpa.packet import TEMPORARY
from protocol.dpa.timing import RfMode
from protocol.strict.errors import MemberError

_RF_MODES = {"std": RfMode.STD, "lp": RfMode.LP}


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
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NetworkFileError(f"is no TOML: {error}") from error
    return _mesh(_read(table), Random(seed), loss)


def _refusal(error: MemberError) -> NetworkFileError:
    return NetworkFileError(error.as_text())


_read = reading(_refusal)


def _mesh(table: NetworkTable, random: Random, loss: float) -> Mesh:
    products = _products(table.products)
    mids = _mids([table.coordinator.mid, *(node.mid for node in table.nodes)], random)
    _refuse_twins("mid", mids)
    built = [
        _product(f"nodes[{index}].product", each, products)
        for index, each in enumerate(table.nodes)
    ]
    places = positions(len(table.nodes), random)
    nodes = [
        _node(each, product, mid, place, random)
        for each, product, mid, place in zip(table.nodes, built, mids[1:], places, strict=True)
    ]
    standing = list(zip(nodes, table.nodes, strict=True))
    known = [node for node, each in standing if each.bond == "good" and node.nadr != TEMPORARY]
    _refuse_twins("address", [node.nadr for node in known if node.nadr is not None])
    mesh = assemble(
        mids[0],
        _gateway(table.coordinator),
        nodes,
        random,
        loss=loss,
        rf_mode=_RF_MODES[table.rf_mode],
        unknown=[node for node in nodes if node not in known],
    )
    mesh.coordinator.noise = _by_channel(table.coordinator.noise)
    bonds = mesh.coordinator.bonds
    for node, each in standing:
        if each.table_mid is not None and node.nadr in bonds.mids:
            bonds.set_mid(node.nadr, each.table_mid)
    return mesh


def _mids(given: Sequence[int | None], random: Random) -> list[int]:
    """The MID of each table, an unused one where it gives none."""
    used = [mid for mid in given if mid is not None]
    unused = iter(unused_mids(len(given), random, used))
    return [next(unused) if mid is None else mid for mid in given]


def _refuse_twins(key: str, values: list[int]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise NetworkFileError(f"{key} {value} (0x{value:08X}) is given twice")


def _gateway(table: CoordinatorTable) -> Product:
    return evolve(GATEWAY, hwpid=table.hwpid, hwpid_version=table.hwpid_version)


def _products(tables: Sequence[ProductTable]) -> Mapping[str, Product]:
    """The products by name: those of generated meshes, and what the file adds."""
    added = (
        Product(
            name=table.name,
            hwpid=table.hwpid,
            hwpid_version=table.hwpid_version,
            sensors=_sensors(table.sensors),
            binary_outputs=table.binary_outputs,
            light=table.light,
            uart=table.uart,
        )
        for table in tables
    )
    return {product.name: product for product in (*PRODUCTS, *added)}


def _product(key: str, table: NodeTable, products: Mapping[str, Product]) -> Product:
    """What a node is; `key` leads to it in the file. Raises NetworkFileError."""
    product = products.get(table.product)
    if product is None:
        known = ", ".join(products)
        raise NetworkFileError(f'{key} must be one of {known}, not "{table.product}"')
    own = table.sensors
    return product if own is None else evolve(product, sensors=_sensors(own))


def _node(table: NodeTable, product: Product, mid: int, place: Position, random: Random) -> Node:
    return Node(
        mid,
        product,
        # Address 0 is what a node has that nobody has bonded yet, 0xFE that of a prebonded one.
        nadr=table.address or None,
        supply=supply(random),
        position=(table.position[0], table.position[1]) if table.position else place,
        online=table.online,
        ibk=bytes.fromhex(table.ibk or ""),
        button=table.button,
        dpa=table.dpa,
        frc_time=table.frc_time,
        noise=_by_channel(table.noise),
    )


def _by_channel(noise: Noise) -> Mapping[int, int]:
    return {pair[0]: pair[1] for pair in noise}


def _sensors(tables: Sequence[SensorTable]) -> tuple[SensorModel, ...]:
    return tuple(table.model() for table in tables)
