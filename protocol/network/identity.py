"""Who a device is: the passes of memory reads that tell, and the products they make.

Three selective FRCs read a few bytes each from where a node keeps its answer to a request that
came with the FRC; an OS read by unicast tells the same of one node.
"""

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from protocol.dpa import frc
from protocol.dpa.peripherals.exploration import DPA_VERSION_MASK, ENUMERATE, PeripheralEnumeration
from protocol.dpa.peripherals.os import OS_READ, OsInfo, os_version_text
from protocol.network.network import Device, Identity, Network, Product

FEW = 2
"""Up to so many nodes a unicast OS read each is cheaper than three FRCs of the whole network."""

FRC_SINCE = 0x0402
"""DPA version of a coordinator from which the memory reads of four bytes exist."""


@frozen
class Pass:
    """One FRC that reads a few bytes of every selected node.

    What is read comes plus one, so that silence (0) and zero are told apart.
    """

    name: str
    command: int
    user_data: bytes

    def groups(self, addresses: Iterable[int]) -> tuple[tuple[int, ...], ...]:
        """The fewest groups of nodes that one FRC each can ask, ascending."""
        return frc.groups(addresses, frc.width_of(self.command).capacity)


def _four_bytes(name: str, offset: int, pnum: int, pcmd: int) -> Pass:
    address = frc.RESPONSE_BUFFER + offset
    user_data = frc.memory_read_4b(address, pnum, pcmd, plus_one=True)
    return Pass(name, frc.MEMORY_READ_4B, user_data)


HWPID_PASS = _four_bytes("HWPID", 7, *ENUMERATE.key)
"""HWPID and its version."""
OS_PASS = _four_bytes("OS", 4, *OS_READ.key)
"""OS version, MCU type and OS build."""
DPA_PASS = Pass(
    "DPA version",
    frc.MEMORY_READ_PLUS_1,
    frc.memory_read(frc.RESPONSE_BUFFER, *ENUMERATE.key),
)
"""The minor DPA version alone, of four times as many nodes per FRC. The major one is shared: what
answers the passes of four bytes knows a command as young as the coordinator's major version."""
PASSES = (HWPID_PASS, OS_PASS, DPA_PASS)

Answers = Mapping[Pass, Mapping[int, int]]
"""Of each pass, what came from each address: 0 is silence, all else is read plus one."""


def to_identify(before: Network, now: Network, *, everyone: bool) -> tuple[int, ...]:
    """The nodes of `now` that must be asked who they are, ascending.

    A node with the same MID at the same address is not asked again, if it answered last time.
    """
    return tuple(
        device.address
        for device in now.nodes
        if everyone
        or device.product is None
        or not device.responding
        or _moved(before.get(device.address), device)
    )


def frc_pays(coordinator: Device, count: int) -> bool:
    """Whether `count` nodes are asked by FRC rather than one by one."""
    product = coordinator.product
    return product is not None and product.identity.dpa >= FRC_SINCE and count > FEW


def products_of_passes(answers: Answers, coordinator: Identity) -> dict[int, Product]:
    """The products of the nodes that answered every pass."""
    heard = set.intersection(
        *({address for address, value in answers[step].items() if value} for step in PASSES)
    )
    products = {}
    for address in sorted(heard):
        hwpid, system, minor = (answers[step][address] - 1 for step in PASSES)
        if not system:  # no OS has the version 0: this is how a node says it knows no such FRC
            continue
        products[address] = Product(
            Identity(
                hwpid=hwpid & 0xFFFF,
                hwpid_version=hwpid >> 16,
                os_build=system >> 16,
                dpa=(coordinator.dpa & 0xFF00 | minor) & DPA_VERSION_MASK,
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


def identified(
    network: Network, found: Mapping[int, Product], silent: Iterable[int] = ()
) -> Network:
    """`network` with these products; the standards of what is another product now are unknown.

    Nodes that kept silent stay as they were, and are noted as not responding.
    """
    unheard = frozenset(silent)
    return Network.of(
        _with_product(device, found[device.address])
        if device.address in found
        else evolve(device, responding=device.responding and device.address not in unheard)
        for device in network
    )


def renewed(before: Product | None, now: Product) -> Product:
    """`now`, with the names that were known where it is still the same product."""
    if before is None or before.identity != now.identity:
        return now
    return evolve(
        now,
        manufacturer=now.manufacturer or before.manufacturer,
        name=now.name or before.name,
    )


def listed(addresses: Iterable[int]) -> str:
    """Addresses as people read them: `3, 7 and 12`."""
    *rest, last = (str(address) for address in sorted(addresses))
    return f"{', '.join(rest)} and {last}" if rest else last


def _moved(before: Device | None, now: Device) -> bool:
    return before is None or before.mid != now.mid


def _with_product(device: Device, product: Product) -> Device:
    before = device.product
    device = evolve(device, product=renewed(before, product), responding=True)
    if before is not None and before.identity == product.identity:
        return device
    return evolve(device, standards_known=False, sensors=(), binary_outputs=0, light=False)
