"""Packages beside the base that a configuration needs: asked for at the start, not in use.

The base installation has nothing that must be compiled; what drives hardware or encrypts is in
the extras `spi` and `vault`, which `make install` and the Debian package bring along.
"""

from importlib.util import find_spec

from iqrf_trio.config import Config, ConfigError


def require(config: Config, key: str, module: str, *, extra: str, package: str = "") -> None:
    """Raise ConfigError, which blames `key`, unless `module` (of `package`) can be imported."""
    if find_spec(module) is None:
        reason = f"needs the package {package or module}, which is not installed"
        fix = f"install iqrf-trio with the extra [{extra}]; make install and the Debian package do"
        raise ConfigError(config.origins.get(key, ""), key, reason, fix)
