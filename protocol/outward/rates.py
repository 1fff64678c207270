"""How many requests one host may send: a bucket per host that drains evenly."""

from math import ceil

from attrs import define, field

from protocol.auth.addresses import host_of

_REMEMBERED = 1024
"""Hosts that are remembered at most; the one that asked longest ago goes."""


@define
class Rates:
    """Requests per minute and host. Time is an argument, seconds of a monotonic clock."""

    per_minute: int
    _levels: dict[str, tuple[float, float]] = field(factory=dict)

    def take(self, address: str, now: float) -> int:
        """Count one request; 0 if it may be answered, else the seconds until the next one may."""
        host = host_of(address)
        level, at = self._levels.pop(host, (0.0, now))
        level = max(0.0, level - (now - at) * self.per_minute / 60)
        refused = level + 1 > self.per_minute
        if len(self._levels) >= _REMEMBERED:
            del self._levels[next(iter(self._levels))]
        self._levels[host] = (level if refused else level + 1), now
        return ceil((level + 1 - self.per_minute) * 60 / self.per_minute) if refused else 0
