"""How often a request is put: what to do when a transaction brought no good answer."""

from attrs import frozen

from protocol.dpa.errors import (
    EXCLUSIVE_ACCESS,
    BadRequestError,
    DpaAbortedError,
    DpaError,
    FrcStatusError,
    InterfaceError,
)

RETRY_PAUSE_S = 0.25
"""Between two attempts, as in the vendor's gateway; what disturbed the first may be over then."""


@frozen
class Attempts:
    """How often a step is tried, and after which pause (seconds).

    With `link_wait_s` a link that is down is no reason to give up: each further attempt waits so
    long for it at most. None gives up at once, since the next attempt would find the same.
    """

    number: int
    pause_s: float = RETRY_PAUSE_S
    link_wait_s: float | None = None

    def again(self, made: int, error: DpaError) -> bool:
        """Whether to try once more after `made` attempts, of which the last ended with `error`."""
        if made >= self.number or isinstance(error, DpaAbortedError | BadRequestError):
            return False
        if isinstance(error, FrcStatusError) and error.no_nodes:
            return False
        if isinstance(error, InterfaceError):
            return self.link_wait_s is not None
        return error.status != EXCLUSIVE_ACCESS


def nobody_can_be_asked(error: DpaError) -> bool:
    """Whether `error` is about the way to the coordinator, so that no other device answers either.

    The link is down, the gateway shuts down, or somebody else has the radio to himself.
    """
    return isinstance(error, InterfaceError | DpaAbortedError) or error.status == EXCLUSIVE_ACCESS
