"""What restoring a snapshot would change, and what speaks against it."""

from collections.abc import Iterable, Iterator

from protocol.dpa.peripherals.os import os_version_text
from protocol.network.network import Network
from protocol.vault.snapshot import Module

_MCU = 0x07
"""Bits of the MCU type that tell which firmware fits."""


def unfit(kept: Module, here: Module) -> Iterator[str]:
    """Why the backup of the coordinator `kept` does not fit to the one that is `here`."""
    if kept.mcu_type & _MCU != here.mcu_type & _MCU:
        yield "the coordinator has another type of microcontroller"
    versions = [os_version_text(each.os_version, each.mcu_type) for each in (kept, here)]
    if versions[0] != versions[1]:
        yield f"the snapshot is of OS {versions[0]}, the coordinator has OS {versions[1]}"
    if kept.dpa != here.dpa:
        theirs, ours = dpa_text(kept.dpa), dpa_text(here.dpa)
        yield f"the snapshot is of DPA {theirs}, the coordinator has DPA {ours}"


def foreign(kept: Module, here: Module) -> Iterator[str]:
    """Why the coordinator that is `here` may have a network of its own that would be lost."""
    if here.bonded and kept.mid != here.mid:
        yield (
            f"the coordinator {here.mid:08X} has {len(here.bonded)} nodes of its own; "
            f"the snapshot is of {kept.mid:08X}"
        )
    if here.bonded and not kept.bonded:
        yield f"the snapshot has no nodes, the coordinator has {len(here.bonded)}"


def foreign_database(kept: Module | None, here: Network) -> Iterator[str]:
    """Why the database that is `here` may be another gateway's."""
    coordinator = here.get(0)
    if kept and coordinator and coordinator.mid != kept.mid:
        yield (
            f"the database is of the coordinator {coordinator.mid:08X}, "
            f"the snapshot of {kept.mid:08X}"
        )


def bond_changes(kept: Module, here: Module) -> Iterator[str]:
    """What would change in the coordinator."""
    before, after = frozenset(here.bonded), frozenset(kept.bonded)
    yield f"nodes: {len(before)} now, {len(after)} then"
    if before - after:
        yield f"forgotten: {listed(before - after)}"
    if after - before:
        yield f"known again: {listed(after - before)}"


def device_changes(kept: Network, here: Network) -> Iterator[str]:
    """What would change in the database, by what is known of each device but its values."""
    before = {device.address: device for device in here}
    after = {device.address: device for device in kept}
    yield f"devices: {len(before)} now, {len(after)} then"
    if gone := before.keys() - after.keys():
        yield f"forgotten: {listed(gone)}"
    if new := after.keys() - before.keys():
        yield f"known again: {listed(new)}"
    both = before.keys() & after.keys()
    if other := {each for each in both if before[each].mid != after[each].mid}:
        yield f"another module: {listed(other)}"
    noted = {each for each in both if before[each].metadata != after[each].metadata}
    if noted:
        yield f"other metadata: {listed(noted)}"


def dpa_text(version: int) -> str:
    """The DPA version as people write it: "4.17"."""
    return f"{version >> 8:X}.{version & 0xFF:02X}"


def listed(addresses: Iterable[int]) -> str:
    """Addresses as text, neighbours joined: "1-3, 7"."""
    ranges: list[list[int]] = []
    for address in sorted(addresses):
        if ranges and ranges[-1][1] == address - 1:
            ranges[-1][1] = address
        else:
            ranges.append([address, address])
    return ", ".join(f"{low}-{high}" if high > low else str(low) for low, high in ranges)
