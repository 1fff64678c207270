"""iqmeshNetwork_BondNodeLocal and _SmartConnect: a node enters the network."""

from typing import Annotated, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.device import WholeOsRead, whole_os_read
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh import bonding, iqrf_code
from protocol.strict.checks import AtMost, Range

NewAddress = Annotated[int, Range(0, MAX_NODE), "network address to give, 0 for the lowest free"]
Retries = Annotated[
    int, Range(0, 255), "FRCs at most by which the coordinator tests the bond, 0 for no test"
]
Octet = Annotated[int, Range(0, 255)]


@frozen(kw_only=True)
class BondNodeLocal:
    """Which address the node is to have whose button is pressed."""

    open_to_extras: ClassVar[bool] = True

    device_addr: NewAddress
    bonding_mask: Annotated[int, Range(0, 255), "not used from DPA 4 on"] = 0
    bonding_test_retries: Retries = 1

    def service(self) -> bonding.BondNodeLocal:
        """What does it."""
        return bonding.BondNodeLocal(self.device_addr, self.bonding_test_retries)


@frozen(kw_only=True)
class SmartConnect:
    """Which node, and which address it is to have."""

    open_to_extras: ClassVar[bool] = True

    device_addr: NewAddress
    smart_connect_code: Annotated[
        str, AtMost(iqrf_code.MAX_LENGTH), "the IQRF code that is printed on the device"
    ]
    bonding_test_retries: Retries = 1
    user_data: Annotated[
        tuple[Octet, ...], AtMost(4), "bytes for the handler of the node; zeros follow them"
    ] = ()

    def service(self) -> bonding.SmartConnect:
        """What does it."""
        return bonding.SmartConnect(
            self.device_addr,
            self.bonding_test_retries,
            code=self.smart_connect_code,
            user_data=bytes(self.user_data).ljust(4, b"\0"),
        )


class Bonded(TypedDict):
    """The new node; only the first two members where it did not say who it is (`progress`)."""

    assignedAddr: Annotated[int, "network address"]
    nodesNr: Annotated[int, "how many nodes are bonded now"]
    hwpId: NotRequired[Annotated[int, "hardware profile"]]
    manufacturer: NotRequired[Annotated[str, "empty where the catalogue does not know it"]]
    product: NotRequired[Annotated[str, "empty where the catalogue does not know it"]]
    standards: NotRequired[list[str]]
    osRead: NotRequired[WholeOsRead]


def bonded(
    _request: BondNodeLocal | SmartConnect,
    service: bonding.BondNodeLocal | bonding.SmartConnect,
    own: bool,
) -> Bonded | None:
    """`rsp` of both."""
    node, who = service.bonded, service.identity
    if node is None:
        return None
    told = Bonded(assignedAddr=node.address, nodesNr=node.bonded)
    if who is None or who.info is None or who.enumeration is None:
        # Who expects the published answers takes one with `rsp` for a success.
        return told if own else None
    return told | Bonded(
        assignedAddr=node.address,
        nodesNr=node.bonded,
        hwpId=who.enumeration.hwpid,
        manufacturer=who.name.manufacturer,
        product=who.name.product,
        standards=[""],
        osRead=whole_os_read(who.info, who.enumeration),
    )


BOND_NODE_LOCAL = Row(
    FAMILY,
    "BondNodeLocal",
    "Bond the node whose button is pressed within ten seconds.",
    BondNodeLocal,
    Bonded,
    example={"deviceAddr": 0},
    service=NetworkService(BondNodeLocal.service, bonded),
)
SMART_CONNECT = Row(
    FAMILY,
    "SmartConnect",
    "Bond the node with this IQRF code.",
    SmartConnect,
    Bonded,
    example={"deviceAddr": 0, "smartConnectCode": "YqZ5BUEcFP4ZyaUB36iRC6Ab4WxmYBGGU2"},
    service=NetworkService(SmartConnect.service, bonded),
)

ROWS = (BOND_NODE_LOCAL, SMART_CONNECT)
