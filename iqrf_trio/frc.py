"""One reading by FRC: the selective request, and the extra result where one answer has no room."""

from collections.abc import Sequence

from protocol.dpa import commands, frc
from protocol.dpa.errors import BadResponseError

from iqrf_trio.transceiver import Transceiver


async def read_frc(
    transceiver: Transceiver, command: int, nodes: Sequence[int], user_data: bytes
) -> dict[int, int]:
    """The raw FRC value of each of `nodes` (ascending); 0 where a node kept silent.

    The request and its extra result belong together: nothing may come between them, so this
    runs as one step of the scheduler. Raises DpaError.
    """
    answer = await transceiver.call(commands.frc_send_selective(command, nodes, user_data))
    if not answer.ok:
        raise BadResponseError(f"the FRC ended with status 0x{answer.status:02x}")
    data = answer.data
    width = frc.width_of(command)
    if frc.needs_extra(width, max(frc.slots(width, nodes).values())):
        data += await transceiver.call(commands.frc_extra_result())
    return frc.unpack(width, nodes, data)
