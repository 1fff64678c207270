"""Who a device is: the passes of memory reads that tell, and the products they make.

Three selective FRCs read four bytes each from where a node keeps its answer to a request that
came with the FRC; an OS read by unicast tells the same of one node.
"""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from protocol.dpa import frc
from protocol.dpa.exploration import DPA_VERSION_MASK, PeripheralEnumeration
from protocol.dpa.os import OsInfo, os_version_text
from protocol.dpa.pnum import EXPLORATION, OS
from protocol.network import Device, Identity, Network, Product

FEW = 2
"""Up to so many nodes a unicast OS read each is cheaper than three FRCs of the whole network."""

FRC_SINCE = 0x0402
"""DPA version of a coordinator from which the memory reads of four bytes exist."""


@frozen
class Pass:
    """One FRC that reads four bytes of every selected node."""

    name: str
    user_data: bytes

    command = frc.MEMORY_READ_4B


# The byte after executing is read plus one (Inc), so that silence and zero are told apart.
HWPID_PASS = Pass(
    "HWPID", frc.memory_read_4b(frc.RESPONSE_BUFFER + 7, EXPLORATION, 0x3F, plus_one=True)
)
DPA_PASS = Pass("DPA", frc.memory_read_4b(frc.RESPONSE_BUFFER, EXPLORATION, 0x3F, plus_one=True))
OS_PASS = Pass("OS", frc.memory_read_4b(frc.RESPONSE_BUFFER + 4, OS, 0x00, plus_one=True))
PASSES = (HWPID_PASS, DPA_PASS, OS_PASS)


def to_identify(before: Network, now: Network, *, everyone: bool) -> tuple[int, ...]:
    """The nodes of `now` that must be asked who they are, ascending.

    A node with the same MID at the same address whose product is known is not asked again.
    """
    return tuple(
        device.address
        for device in now.nodes
        if everyone or device.product is None or _moved(before.get(device.address), device)
    )


def frc_pays(coordinator: Device, count: int) -> bool:
    """Whether `count` nodes are asked by FRC rather than one by one."""
    product = coordinator.product
    return product is not None and product.identity.dpa >= FRC_SINCE and count > FEW


def groups(addresses: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The groups of nodes that one memory read of four bytes can ask, ascending."""
    return frc.groups(addresses, frc.Width.BYTE4.capacity)


def products_of_passes(answers: Mapping[Pass, Mapping[int, int]]) -> dict[int, Product]:
    """The products of the nodes that answered every pass (values still plus one; 0 = silent)."""
    complete = set.intersection(
        *({address for address, value in answers[step].items() if value} for step in PASSES)
    )
    products = {}
    for address in sorted(complete):
        hwpid, dpa, system = (answers[step][address] - 1 for step in PASSES)
        products[address] = Product(
            Identity(
                hwpid=hwpid & 0xFFFF,
                hwpid_version=hwpid >> 16,
                os_build=system >> 16,
                dpa=dpa & DPA_VERSION_MASK,
            ),
            os_version=os_version_text(system & 0xFF, system >> 8 & 0xFF),
        )
    return products


def product_of(system: OsInfo, enumeration: PeripheralEnumeration) -> Product:
    """The product of a device that answered an OS read and a peripheral enumeration."""
    return Product(
        Identity(
            hwpid=enumeration.hwpid,
            hwpid_version=enumeration.hwpid_version,
            os_build=system.os_build,
            dpa=enumeration.dpa,
        ),
        os_version=system.os_version_text,
    )


def identified(network: Network, found: Mapping[int, Product]) -> Network:
    """`network` with these products; the standards of what is another product now are unknown."""
    return Network.of(
        _with_product(device, found[device.address]) if device.address in found else device
        for device in network
    )


def listed(addresses: Iterable[int]) -> str:
    """Addresses as people read them: `3, 7 and 12`."""
    *rest, last = (str(address) for address in sorted(addresses))
    return f"{', '.join(rest)} and {last}" if rest else last


def _moved(before: Device | None, now: Device) -> bool:
    return before is None or before.mid != now.mid


def _with_product(device: Device, product: Product) -> Device:
    if device.product is not None and device.product.identity == product.identity:
        return evolve(device, product=product)
    return evolve(
        device,
        product=product,
        standards_known=False,
        sensors=(),
        binary_outputs=0,
        light=False,
    )
