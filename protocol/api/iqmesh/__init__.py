"""iqmeshNetwork_*: network services, one module per group of them; all their rows."""

from protocol.api.iqmesh import backup, bonds, configuration, parameters, reach
from protocol.api.iqmesh.family import FAMILY

__all__ = ["FAMILY", "ROWS"]

ROWS = (*backup.ROWS, *reach.ROWS, *parameters.ROWS, *bonds.ROWS, *configuration.ROWS)
