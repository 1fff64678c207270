"""Failed authentications: how long a client that fails again and again waits for its answer.

Nobody is turned away for the failures of others: a right token is accepted at once, whatever
was shown from its address before. Time is an argument, seconds of a monotonic clock.
"""

from attrs import define, field

from protocol.auth.addresses import host_of

_STEP_S, _LONGEST_STEP_S = 0.1, 2.0
"""What each failure adds to the wait of the next one; a first failure is told at once."""

LOCKED_S = 10.0
"""The wait of whoever failed more often than allowed within a minute."""

_REMEMBERED = 1024
"""Sources of failures that are remembered at most; the one that failed longest ago goes."""

Source = tuple[str, int | None]
"""A host, and the number of the token that it showed (None: it showed none)."""


@define
class Failures:
    """Failures per host and shown token: a bucket that holds a minute's worth and drains evenly.

    A token that fails from a host for the first time also counts against the host as a whole, so
    that whoever tries one number after the other gains nothing by it, while a program that keeps
    showing one stale token slows nobody but itself. `per_minute` 0 means no limit.
    """

    per_minute: int
    _buckets: dict[Source | str, tuple[float, float]] = field(factory=dict)

    def record(self, address: str, token_id: int | None, now: float, *, local: bool) -> float:
        """One more failure; how many seconds its answer has to wait.

        Clients on this machine (`local`) are slowed down a little and never locked out.
        """
        if not self.per_minute:
            return 0.0
        host = host_of(address)
        source = host, token_id
        of_host = self._add(host, now) if source not in self._buckets else self._level(host, now)
        level = max(self._add(source, now), of_host)
        if level > self.per_minute and not local:
            return LOCKED_S
        return min(_STEP_S * (level - 1), _LONGEST_STEP_S)

    def _add(self, key: Source | str, now: float) -> float:
        # Twice the limit at most, so that a burst is forgiven within two minutes.
        level = min(self._level(key, now) + 1, 2 * self.per_minute)
        self._buckets.pop(key, None)
        if len(self._buckets) >= _REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = level, now
        return level

    def _level(self, key: Source | str, now: float) -> float:
        level, at = self._buckets.get(key, (0.0, now))
        return max(0.0, level - (now - at) * self.per_minute / 60)
