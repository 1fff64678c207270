"""What the gateway is told: the sections of its TOML file, how they are read and written out."""

from iqrf_trio.config.reading import DEFAULT_FILE, STATE_DIR_VARIABLE, ConfigError, load
from iqrf_trio.config.sections import (
    Config,
    Database,
    Gateway,
    ImpossibleValueError,
    Log,
    Monitor,
    Port,
    Queue,
    SensorData,
    Simulator,
    Spi,
    Tcp,
    Uart,
    Vault,
    WebSocket,
)
from iqrf_trio.config.writing import default_file, describe, plain, toml

__all__ = [
    "DEFAULT_FILE",
    "STATE_DIR_VARIABLE",
    "Config",
    "ConfigError",
    "Database",
    "Gateway",
    "ImpossibleValueError",
    "Log",
    "Monitor",
    "Port",
    "Queue",
    "SensorData",
    "Simulator",
    "Spi",
    "Tcp",
    "Uart",
    "Vault",
    "WebSocket",
    "default_file",
    "describe",
    "load",
    "plain",
    "toml",
]
