"""A cycle of readings in a few words, for lists of the last ones."""

from protocol.outward.health import iso
from protocol.readings.measured import CycleOver


def summary(cycle: CycleOver) -> dict[str, object]:
    """When it was over, how long it took in seconds, whom it reached, and what is missing."""
    reading = cycle.reading
    return {
        "at": iso(reading.at),
        "seconds": round(cycle.duration_s, 1),
        "nodes": len(reading.devices),
        "nodesOk": answered(cycle),
        "values": sum(each.sensor >= 0 for each in cycle.values.measured),
        "failedRounds": len(reading.failed_rounds),
        "failure": reading.failure,
        "shortfall": reading.shortfall,
    }


def answered(cycle: CycleOver) -> int:
    """From how many of the nodes anything came."""
    heard = {each.mid for each in cycle.values.measured}
    return sum(node.mid in heard for node in cycle.reading.devices)
