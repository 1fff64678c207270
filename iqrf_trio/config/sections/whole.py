"""The configuration as a whole."""

from collections.abc import Mapping

from attrs import field, frozen

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
from iqrf_trio.config.sections.port import Port, Simulator
from protocol.strict.shape import NO_MEMBER


@frozen
class Config:
    """Everything the gateway is told; `origins` says where a value that is no default came from."""

    gateway: Gateway = Gateway()
    websocket: WebSocket = WebSocket()
    queue: Queue = Queue()
    tasks: Tasks = Tasks()
    port: Port = Port()
    simulator: Simulator = Simulator()
    sensor_data: SensorData = field(
        default=SensorData(),
        metadata={"comment": "first-start values; afterwards iqrfSensorData_SetConfig owns them"},
    )
    database: Database = Database()
    vault: Vault = Vault()
    monitor: Monitor = Monitor()
    http: Http = Http()
    history: History = History()
    mqtt: Mqtt = Mqtt()
    log: Log = Log()
    origins: Mapping[str, str] = field(
        factory=dict, eq=False, repr=False, kw_only=True, metadata={NO_MEMBER: True}
    )
