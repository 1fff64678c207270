"""What is told of a run of AutoNetwork, as plain values."""

from collections.abc import Mapping

from attrs import field, frozen

from protocol.iqmesh.auto_network.codes import WaveCode


@frozen
class WaveState:
    """What a wave is doing; `progress` is the share of this wave in percent."""

    wave: int
    code: WaveCode
    progress: int


@frozen
class WaveResult:
    """What a wave has brought: MIDs by address. Each of `new` was heard with its address.

    `silent` have an address in the coordinator, and were not heard yet; `refused` none: the
    coordinator has said no. `left`: prebonded nodes may be left.
    """

    wave: int
    code: WaveCode
    nodes: int
    new: Mapping[int, int]
    last: bool
    silent: Mapping[int, int] = field(factory=dict)
    refused: Mapping[int, int] = field(factory=dict)
    left: bool = False
