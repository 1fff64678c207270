"""Messages from the library's reader to whoever waits for them, in the step that read them.

The library puts each message into a channel of its own. The message then waits for the turn of the
task that receives, and the reader for its own turn to go on: two turns, which are half of what a
small request costs. Here a function takes the message where nothing would wait for it anyway.
"""

from collections.abc import Callable

import trio
from attrs import define, field

Take = Callable[[str | bytes], bool]
"""Is given a message that nothing is before; False if it has to go the long way."""


@define(eq=False)
class Handover(trio.abc.SendChannel[str | bytes]):
    """What the library gets in place of its `channel`, of which `waiting` messages are not taken.

    `reads` tells how often the stream was read: of several messages in one read each one but the
    first waits for a turn of others.
    """

    _channel: trio.abc.SendChannel[str | bytes]
    _take: Take
    _reads: Callable[[], int]
    waiting: int
    open: bool = field(default=False, init=False)
    """Whether somebody waits in `receive` now."""
    error: Exception | None = field(default=None, init=False)
    """What the function raised; then nothing more is received."""
    _read: int = field(default=-1, init=False)

    async def send(self, message: str | bytes) -> None:
        """Hand one message over."""
        if self._read == self._reads():
            await trio.lowlevel.checkpoint()
        self._read = self._reads()
        if self.offer(message):
            return
        if self.error is not None:
            await self.aclose()
            return
        self.waiting += 1
        await self._channel.send(message)

    def offer(self, message: str | bytes) -> bool:
        """Have one message taken that nothing is before; False where it has to be sent."""
        if not self.open or self.waiting or self.error is not None:
            return False
        try:
            return self._take(message)
        except Exception as error:
            self.error = error
            return False

    async def aclose(self) -> None:
        """Nothing comes any more."""
        await self._channel.aclose()
