"""iqmeshNetwork_*: network services, one module per group of them; all their rows."""

from protocol.api.iqmesh import (
    auto_network,
    backup,
    bonding,
    bonds,
    configuration,
    enumeration,
    maintenance,
    parameters,
    radio_tests,
    reach,
    settings,
)
from protocol.api.iqmesh.family import FAMILY

__all__ = ["FAMILY", "ROWS"]

ROWS = (
    *backup.ROWS,
    *reach.ROWS,
    *parameters.ROWS,
    *bonds.ROWS,
    *bonding.ROWS,
    *configuration.ROWS,
    *settings.ROWS,
    *enumeration.ROWS,
    *radio_tests.ROWS,
    *maintenance.ROWS,
    *auto_network.ROWS,
)
