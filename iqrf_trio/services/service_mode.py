"""Service mode: the radio is kept from the gateway's own work, for as long as somebody asks for it.

There are two forms. With mngDaemon_Mode single requests of clients with the service permission are
served. With mngService_Activate one session has the module to itself: it sends frames as they are,
and gets every frame that comes. Either ends with the sessions that asked for it.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from attrs import define, field

from iqrf_trio.radio.scheduler import Scheduler
from iqrf_trio.radio.transceiver import Transceiver


class Holder(Protocol):
    """Who asks for service mode."""

    @property
    def lasting(self) -> bool:
        """Whether it is a session, which stays until one of both sides ends it."""


class Form(Enum):
    """Who has the radio."""

    OFF = "everybody"
    SHARED = "clients with the service permission"
    OWNED = "one session, frame by frame"


class NoSessionError(Exception):
    """Service mode would have to end with its session, and there is none."""


@define(eq=False)
class ServiceMode:
    """The service mode of the gateway.

    A `sticky` mode that is shared stays until somebody ends it. `changed` is told of each change.
    """

    _scheduler: Scheduler
    _transceiver: Transceiver
    changed: Callable[[], None]
    sticky: bool = False
    form: Form = field(default=Form.OFF, init=False)
    owner: Holder | None = field(default=None, init=False)
    _sharing: set[Holder] = field(factory=set, init=False)

    def share(self, holder: Holder) -> None:
        """Begin the shared form, or take part in it.

        Raises NoSessionError, and RadioReserved while a procedure holds the radio.
        """
        if not (self.sticky or holder.lasting):
            raise NoSessionError
        self._scheduler.reserve()
        self._sharing.add(holder)
        self._become(Form.SHARED)

    def own(self, holder: Holder, on_frame: Callable[[bytes], None]) -> None:
        """Give the module to `holder`, and each frame that it sends to `on_frame`.

        Raises RadioReserved while a procedure holds the radio.
        """
        self._scheduler.reserve()
        self.owner, self._transceiver.tap = holder, on_frame
        self._become(Form.OWNED)

    def end(self) -> None:
        """Back to normal, whoever asked for it."""
        self.owner, self._transceiver.tap = None, None
        self._sharing.clear()
        self._scheduler.release()
        self._become(Form.OFF)

    def gone(self, holder: Holder) -> None:
        """The session of `holder` is over."""
        taking_part = holder in self._sharing
        self._sharing.discard(holder)
        last = taking_part and not self._sharing and not self.sticky
        if holder is self.owner or last:
            self.end()

    def _become(self, form: Form) -> None:
        self.form = form
        self.changed()
