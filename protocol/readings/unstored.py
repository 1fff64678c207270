"""Values that the store did not take in time, as lines of a file that the next start reads.

A line is a JSON object: `at` (ISO 8601 with its zone) is when the values were measured, `values`
is a list of [address, MID, index of the sensor, value].
"""

import json
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from attrs import frozen

from protocol.network.network import Network
from protocol.readings.overheard import Values
from protocol.standard.quantities import Value

_BYTE, _MID = 0xFF, 0xFFFF_FFFF


@frozen
class Unstored:
    """Values as of `at`: (address, MID of the device, index of the sensor, value)."""

    at: datetime
    values: Sequence[tuple[int, int, int, Value]]

    @classmethod
    def of(cls, values: Values, network: Network, at: datetime) -> "Unstored":
        """`values` of the devices of `network`; others belong to nobody."""
        return cls(
            at,
            [
                (address, device.mid, index, value)
                for (address, index), value in values.items()
                # What is of the module itself has no place among the sensors.
                if index >= 0 and (device := network.get(address)) is not None
            ],
        )

    def still_news(self, network: Network, now: datetime) -> Values:
        """Those that `network` has room for: the same device, with no later value.

        A time after `now` is no later value: the clock was set back since.
        """
        found: dict[tuple[int, int], Value] = {}
        for address, mid, index, value in self.values:
            device = network.get(address)
            if device is None or device.mid != mid:
                continue
            for sensor in device.sensors:
                updated = self.at if sensor.updated is None else sensor.updated
                if sensor.index == index and not self.at < updated <= now:
                    found[address, index] = value
        return found

    def dump(self) -> str:
        """The line, without its end."""
        return json.dumps({"at": self.at.isoformat(), "values": list(map(list, self.values))})


def parse(line: str) -> Unstored | None:
    """What a line says; None for one that was torn, or that makes no sense."""
    try:
        said = json.loads(line)
        at = datetime.fromisoformat(said["at"])
        values = [_entry(entry) for entry in said["values"]]
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return None if at.tzinfo is None else Unstored(at, values)


def _entry(entry: Any) -> tuple[int, int, int, Value]:
    """Raises ValueError or TypeError."""
    address, mid, index, value = entry
    if not (_within(address, _BYTE) and _within(mid, _MID) and _within(index, _BYTE)):
        raise ValueError("no sensor has these numbers")
    if isinstance(value, list):
        if not all(_within(number, _BYTE) for number in value):
            raise ValueError("a data block has bytes")
        return address, mid, index, tuple(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("no value")
    return address, mid, index, value


def _within(number: object, highest: int) -> bool:
    return type(number) is int and 0 <= number <= highest
