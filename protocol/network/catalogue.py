"""The product catalogue: what people call the products that tell no more than an HWPID."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated

from attrs import evolve, field, frozen

from protocol.network.network import Device, Network, Product, Sensor
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.shape import json_name
from protocol.strict.toml import toml_reader, written

_MAX_INDEX = 31
"""Of a sensor (Sensor standard)."""


class CatalogueError(ValueError):
    """A text that is no catalogue; the message names the key and the reason."""


@frozen
class Breakdown:
    """What a sensor of a generic type measures in this product, in place of the type's own name.

    The value is what the type says, times `scale`, rounded to `decimals`.
    """

    index: Annotated[int, Range(0, _MAX_INDEX)]
    type: Annotated[int, Range(0, 0xFF)]
    name: str
    short_name: str
    unit: str | None = None
    decimals: Annotated[int, Range(0, 9)] = 0
    scale: float = 1.0


@frozen
class Entry:
    """One product: its maker, its name, and the meaning of its generic sensors."""

    hwpid: Annotated[int, Range(0, 0xFFFF)]
    manufacturer: str
    name: str
    sensors: tuple[Breakdown, ...] = field(default=(), metadata=json_name("sensor"))


@frozen
class _Document:
    product: tuple[Entry, ...] = ()


def _by_hwpid(entries: Iterable[Entry]) -> Mapping[int, Entry]:
    return {entry.hwpid: entry for entry in entries}


@frozen
class Catalogue:
    """Products by HWPID; of several entries with the same one the last counts."""

    _entries: Mapping[int, Entry] = field(default=(), converter=_by_hwpid)

    def __len__(self) -> int:
        """How many products there are."""
        return len(self._entries)

    def __or__(self, other: "Catalogue") -> "Catalogue":
        """Both; where they disagree, the other one."""
        return Catalogue((*self._entries.values(), *other._entries.values()))

    def get(self, hwpid: int) -> Entry | None:
        """The product with this HWPID, or None."""
        return self._entries.get(hwpid)

    def applied(self, network: Network) -> Network:
        """`network` with the names of this catalogue; what it does not know stays as it is."""
        return Network.of(self._named(device) for device in network)

    def _named(self, device: Device) -> Device:
        product = device.product
        entry = self.get(product.identity.hwpid) if product else None
        if product is None or entry is None:
            return device
        return evolve(
            device,
            product=_renamed(product, entry),
            sensors=tuple(_broken_down(sensor, entry.sensors) for sensor in device.sensors),
        )


def _renamed(product: Product, entry: Entry) -> Product:
    return evolve(product, manufacturer=entry.manufacturer, name=entry.name)


def _broken_down(sensor: Sensor, breakdowns: Iterable[Breakdown]) -> Sensor:
    for breakdown in breakdowns:
        if (breakdown.index, breakdown.type) == (sensor.index, sensor.type):
            return evolve(
                sensor,
                name=breakdown.name,
                short_name=breakdown.short_name,
                unit=breakdown.unit,
                decimals=breakdown.decimals,
                scale=breakdown.scale,
            )
    return sensor


def parse(text: str) -> Catalogue:
    """The catalogue in a TOML text; raises CatalogueError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"is no TOML: {error}") from error
    return Catalogue(_document(table).product)


def _refusal(error: MemberError) -> CatalogueError:
    return CatalogueError(error.as_text())


_document = toml_reader().reading(_Document, _refusal)


def dump(entries: Iterable[Entry]) -> str:
    """The TOML text of products without breakdowns, by HWPID."""
    return "\n".join(
        f"[[product]]\nhwpid = 0x{entry.hwpid:04X}\n"
        f"manufacturer = {written(entry.manufacturer)}\nname = {written(entry.name)}\n"
        for entry in sorted(entries, key=lambda entry: entry.hwpid)
    )
