"""Where commands look for the database of the gateway."""

import os
from pathlib import Path

from iqrf_trio import config
from iqrf_trio.store import DATABASE_NAME


def database_path(state_dir: str | Path | None, file: Path | None) -> Path:
    """The database in `state_dir`; else where the environment or the configuration says.

    Raises ConfigError.
    """
    state_dir = state_dir or os.environ.get(config.STATE_DIR_VARIABLE)
    return Path(state_dir or config.load(file, ()).gateway.state_dir) / DATABASE_NAME
