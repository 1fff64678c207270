"""What the gateway is told: the sections of its TOML file, how they are read and written out."""

from iqrf_trio.config.keys import AUTO, OFF, ImpossibleValueError, bytes_of
from iqrf_trio.config.reading import (
    DEFAULT_FILE,
    FILE_VARIABLE,
    STATE_DIR_VARIABLE,
    ConfigError,
    Given,
    load,
    meant,
)
from iqrf_trio.config.sections.broker import Mqtt
from iqrf_trio.config.sections.gateway import (
    Database,
    Gateway,
    History,
    Log,
    Queue,
    SensorData,
    Tasks,
    Vault,
)
from iqrf_trio.config.sections.listeners import Http, Monitor, WebSocket
from iqrf_trio.config.sections.port import Port, Simulator, Spi, Tcp, Uart
from iqrf_trio.config.sections.whole import Config
from iqrf_trio.config.writing import default_file, describe, explained, plain, toml

__all__ = [
    "AUTO",
    "DEFAULT_FILE",
    "FILE_VARIABLE",
    "OFF",
    "STATE_DIR_VARIABLE",
    "Config",
    "ConfigError",
    "Database",
    "Gateway",
    "Given",
    "History",
    "Http",
    "ImpossibleValueError",
    "Log",
    "Monitor",
    "Mqtt",
    "Port",
    "Queue",
    "SensorData",
    "Simulator",
    "Spi",
    "Tasks",
    "Tcp",
    "Uart",
    "Vault",
    "WebSocket",
    "bytes_of",
    "default_file",
    "describe",
    "explained",
    "load",
    "meant",
    "plain",
    "toml",
]
