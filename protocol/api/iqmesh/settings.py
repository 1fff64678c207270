"""iqmeshNetwork_WriteTrConf: settings of a device, or of all nodes, by their names."""

from typing import Annotated, Any, ClassVar, NotRequired, TypedDict

import attrs
from attrs import field, frozen

from protocol.api.errors import ServiceError
from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.api.iqmesh.reach import Hwpid
from protocol.dpa.packet import ANY_HWPID, BROADCAST, MAX_NODE
from protocol.iqmesh import tr_settings
from protocol.iqmesh.statuses import BAD_PARAMETERS
from protocol.iqmesh.tr_settings import BAUD_RATES, BYTES, FLAGS, RFPGM, TrSettings
from protocol.iqmesh.write_tr_configuration import WriteTrConf as Service
from protocol.strict.checks import AtMost, Range, RangeOr

Octet = Annotated[int, Range(0, 0xFF)]
Key = Annotated[str, AtMost(tr_settings.KEY_LENGTH)]


@frozen(kw_only=True)
class Peripherals:
    """Which embedded peripherals to switch on or off."""

    open_to_extras: ClassVar[bool] = True

    coordinator: bool | None = None
    node: bool | None = None
    os: bool | None = None
    eeprom: bool | None = None
    eeeprom: bool | None = None
    ram: bool | None = None
    ledr: bool | None = None
    ledg: bool | None = None
    spi: bool | None = None
    io: bool | None = None
    thermometer: bool | None = None
    pwm: bool | None = None
    uart: bool | None = None
    frc: bool | None = None


@frozen(kw_only=True)
class WriteTrConf:
    """What to write, and to whom; what is not there stays as it is."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Annotated[
        int, RangeOr(0, MAX_NODE, (BROADCAST,)), "0 for the coordinator, 255 for all nodes"
    ]
    hwp_id: Hwpid = ANY_HWPID
    emb_pers: Peripherals | None = None
    custom_dpa_handler: bool | None = None
    node_dpa_interface: Annotated[bool, "before DPA 4.00"] | None = None
    dpa_peer_to_peer: Annotated[bool, "from DPA 4.10 on"] | None = None
    dpa_autoexec: bool | None = None
    routing_off: bool | None = None
    io_setup: bool | None = None
    peer_to_peer: bool | None = None
    never_sleep: bool | None = None
    std_and_lp_network: bool | None = None
    rf_channel_a: Octet | None = None
    rf_channel_b: Octet | None = None
    rf_sub_channel_a: Annotated[Octet, "before DPA 4.00"] | None = None
    rf_sub_channel_b: Annotated[Octet, "before DPA 4.00"] | None = None
    tx_power: Annotated[int, Range(0, 7)] | None = None
    rx_filter: Annotated[int, Range(0, 64)] | None = None
    lp_rx_timeout: Annotated[int, Range(1, 0xFF), "in units of 10 ms"] | None = None
    rf_alt_dsm_channel: Octet | None = None
    uart_baudrate: Annotated[int, RangeOr(BAUD_RATES[0], BAUD_RATES[0], BAUD_RATES[1:])] | None = (
        None
    )
    local_frc_reception: Annotated[bool, "nodes from DPA 4.15 on"] | None = None
    rf_pgm_dual_channel: bool | None = None
    rf_pgm_lp_mode: bool | None = None
    rf_pgm_incorrect_upload: bool | None = None
    rf_pgm_enable_after_reset: bool | None = None
    rf_pgm_terminate_after_1_min: bool | None = None
    rf_pgm_terminate_mcu_pin: bool | None = None
    access_password: Annotated[Key, "of at most 16 bytes"] | None = field(default=None, repr=False)
    security_user_key: Annotated[Key, "of at most 16 bytes"] | None = field(
        default=None, repr=False
    )

    def service(self) -> Service:
        """What does it. Raises ServiceError for a key that is too long."""
        given = {
            each.name: value
            for each in attrs.fields(WriteTrConf)
            if (value := getattr(self, each.name)) is not None
        }
        if self.uart_baudrate is not None:
            given["uart_baudrate"] = BAUD_RATES.index(self.uart_baudrate)
        settings = TrSettings(
            peripherals=_named(self.emb_pers),
            switches={name: given[name] for name in (*FLAGS, *RFPGM) if name in given},
            values={name: given[name] for name in BYTES if name in given},
            local_frc=self.local_frc_reception,
            password=_key("accessPassword", self.access_password),
            user_key=_key("securityUserKey", self.security_user_key),
        )
        return Service(self.device_addr, settings, self.hwp_id)


def _named(peripherals: Peripherals | None) -> dict[str, bool]:
    given: dict[str, Any] = attrs.asdict(peripherals) if peripherals else {}
    return {name: on for name, on in given.items() if on is not None}


def _key(name: str, text: str | None) -> bytes | None:
    if text is None:
        return None
    key = text.encode()
    if len(key) > tr_settings.KEY_LENGTH:
        raise ServiceError(BAD_PARAMETERS, f"{name} has more than 16 bytes.")
    return key


class Written(TypedDict):
    """Who has taken it over."""

    deviceAddr: int
    writeSuccess: Annotated[bool, "whether all have taken it over that were meant"]
    restartNeeded: NotRequired[Annotated[bool, "some of it takes effect after a restart only"]]
    notRespondedNodes: NotRequired[Annotated[list[int], "nodes that did not acknowledge it"]]
    notMatchedNodes: NotRequired[Annotated[list[int], "nodes with another hardware profile"]]


def written(request: WriteTrConf, service: Service, _own: bool) -> Written:
    """`rsp` of iqmeshNetwork_WriteTrConf."""
    rsp = Written(deviceAddr=request.device_addr, writeSuccess=service.done)
    if service.done or (service.restart_needed and service.matched):
        rsp["restartNeeded"] = service.restart_needed
    if service.silent:
        rsp["notRespondedNodes"] = list(service.silent)
    if service.others:
        rsp["notMatchedNodes"] = list(service.others)
    return rsp


WRITE_TR_CONF = Row(
    FAMILY,
    "WriteTrConf",
    "Write settings and keys of a device, or of all nodes.",
    WriteTrConf,
    Written,
    example={"deviceAddr": 1, "txPower": 7},
    failed=lambda request: Written(deviceAddr=request.device_addr, writeSuccess=False),
    service=NetworkService(WriteTrConf.service, written),
)

ROWS = (WRITE_TR_CONF,)
