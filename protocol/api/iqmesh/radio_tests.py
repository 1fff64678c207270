"""iqmeshNetwork_MaintenanceTestRF and _MaintenanceFrcResponseTime: what the radio can do here."""

from typing import Annotated, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import BROADCAST, COORDINATOR
from protocol.iqmesh import radio_tests
from protocol.iqmesh.radio_tests import TIMES_MS
from protocol.strict.checks import Range, RangeOr
from protocol.strict.shape import Unit

Count = Annotated[int, "how many nodes are bonded"]


@frozen(kw_only=True)
class TestRf:
    """Who listens, on which channel, for how long."""

    __test__ = False  # pytest would take it for a test by its name
    open_to_extras: ClassVar[bool] = True

    device_addr: Annotated[
        int, RangeOr(0, 0, (BROADCAST,)), "0 for the coordinator, 255 for all nodes"
    ]
    rf_channel: Annotated[int, Range(0, 255), "one that does not exist is 0"]
    rx_filter: Annotated[int, Range(0, 64), "signals below it are not counted"]
    measurement_time: Annotated[
        int,
        RangeOr(TIMES_MS[0], TIMES_MS[0], TIMES_MS[1:]),
        Unit("ms"),
        "how long to count",
    ]

    def service(self) -> radio_tests.TestRf:
        """What does it."""
        return radio_tests.TestRf(
            self.device_addr == BROADCAST, self.rf_channel, self.rx_filter, self.measurement_time
        )


class Heard(TypedDict):
    """What one device has heard."""

    deviceAddr: int
    online: Annotated[bool, "whether it has answered"]
    counter: NotRequired[Annotated[int, "how many signals"]]


class RfTested(TypedDict):
    """What all have heard."""

    nodesNr: Count
    inaccessibleNodesNr: NotRequired[Annotated[int, "how many nodes did not answer"]]
    testRfResult: NotRequired[list[Heard]]


def rf_tested(request: TestRf, service: radio_tests.TestRf, _own: bool) -> RfTested:
    """`rsp` of iqmeshNetwork_MaintenanceTestRF."""
    rsp = RfTested(nodesNr=len(service.nodes or ()))
    if service.values is None:
        return rsp
    if request.device_addr != COORDINATOR:
        rsp["inaccessibleNodesNr"] = sum(not value for value in service.values.values())
    rsp["testRfResult"] = [_heard(*each) for each in service.values.items()]
    return rsp


def _heard(address: int, value: int) -> Heard:
    if not value:
        return Heard(deviceAddr=address, online=False)
    return Heard(deviceAddr=address, online=True, counter=value - 1)


@frozen(kw_only=True)
class FrcResponseTime:
    """Which FRC is meant."""

    open_to_extras: ClassVar[bool] = True

    command: Annotated[
        int, RangeOr(16, 16, (64, 144, 192, 224, 240, 249, 252)), "code of the FRC command"
    ]

    def service(self) -> radio_tests.FrcResponseTime:
        """What does it."""
        return radio_tests.FrcResponseTime(self.command)


class NodeTime(TypedDict):
    """How long one node takes."""

    deviceAddr: int
    responded: bool
    handled: NotRequired[Annotated[bool, "whether its handler knows the event"]]
    responseTime: NotRequired[Annotated[int, Unit("ms")]]


class ResponseTimes(TypedDict):
    """How long all take."""

    inaccessibleNodes: Annotated[int, "how many nodes did not answer"]
    unhandledNodes: Annotated[int, "how many have no handler for the event"]
    nodes: list[NodeTime]
    currentResponseTime: Annotated[int, Unit("ms"), "what the coordinator gives them"]
    recommendedResponseTime: Annotated[int, Unit("ms"), "what the slowest one needs"]


def response_times(
    _request: FrcResponseTime, service: radio_tests.FrcResponseTime, _own: bool
) -> ResponseTimes | None:
    """`rsp` of iqmeshNetwork_MaintenanceFrcResponseTime."""
    if service.values is None:
        return None
    values = service.values.values()
    return ResponseTimes(
        inaccessibleNodes=sum(not value for value in values),
        unhandledNodes=sum(value == radio_tests.UNHANDLED for value in values),
        nodes=[_time(service, node) for node in service.values],
        currentResponseTime=service.current_ms,
        recommendedResponseTime=service.recommended_ms,
    )


def _time(service: radio_tests.FrcResponseTime, node: int) -> NodeTime:
    if not (service.values or {}).get(node):
        return NodeTime(deviceAddr=node, responded=False)
    time = service.time_ms(node)
    if time is None:
        return NodeTime(deviceAddr=node, responded=True, handled=False)
    return NodeTime(deviceAddr=node, responded=True, handled=True, responseTime=time)


TEST_RF = Row(
    FAMILY,
    "MaintenanceTestRF",
    "Count the signals of others on a channel, at the coordinator or at all nodes.",
    TestRf,
    RfTested,
    example={"deviceAddr": 0, "rfChannel": 52, "rxFilter": 0, "measurementTime": 5160},
    failed=lambda _request: RfTested(nodesNr=0),
    service=NetworkService(TestRf.service, rf_tested),
)
FRC_RESPONSE_TIME = Row(
    FAMILY,
    "MaintenanceFrcResponseTime",
    "Ask the nodes how long they take to answer an FRC. The time is not set: see FrcParams.",
    FrcResponseTime,
    ResponseTimes,
    example={"command": 224},
    service=NetworkService(FrcResponseTime.service, response_times),
)

ROWS = (TEST_RF, FRC_RESPONSE_TIME)
