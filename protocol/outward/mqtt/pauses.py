"""How long to wait before the next attempt to reach a broker."""

LONGEST_S = 60.0
"""The longest pause; the first one is a second, each further one twice as long."""

STEADY_S = 30.0
"""A connection that lasted so long is no failure: the pauses begin anew."""


def pause_s(failures: int, chance: float) -> float:
    """Seconds after `failures` failures in a row (1 or more).

    `chance` (0..1) spreads the attempts of many gateways whose broker was away: between half of the
    pause and all of it.
    """
    whole: float = min(2.0 ** min(failures - 1, 10), LONGEST_S)
    return whole * (0.5 + chance / 2)
