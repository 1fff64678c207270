"""Alerts: what looks for them, and who is told."""

from iqrf_trio.services.alerts import AlertWatch
from iqrf_trio.services.health import HealthChecks
from iqrf_trio.wiring.gateway import Parts, now


def alerts_of(parts: Parts, checks: HealthChecks) -> AlertWatch:
    """What looks for alerts, and tells them over MQTT."""
    store, latest = parts.gateway.store, parts.measurements.latest
    return AlertWatch(
        lambda: store.network,
        latest.nodes,
        checks.examine,
        lambda alert: parts.broker.alert(alert, now()),
    )
