"""What transactions and late frames teach: of the network, and of answers that are still due."""

import logging
from collections import Counter
from collections.abc import Callable

from attrs import define, field

from iqrf_trio.radio.memory import Memory
from protocol.dpa.counters import Count
from protocol.dpa.errors import DpaTimeoutError, status_text
from protocol.dpa.keys import shown
from protocol.dpa.packet import Confirmation, Request, Response
from protocol.dpa.requests import name_of, observe
from protocol.dpa.timing import Timing, is_remote
from protocol.dpa.transaction import Outcome, Transaction
from protocol.dpa.unanswered import Unanswered

log = logging.getLogger("iqrf_trio.transceiver")


@define(eq=False)
class Learning:
    """What is known from all that was sent and received.

    `timing` is what is known of the network, `unanswered` what was asked and given up, `memory`
    what the coordinator does not tell. `on_answer` is given each outcome, also of
    what got no answer. `counts` is where timeouts, late and disputed answers are counted.
    """

    unanswered: Unanswered
    memory: Memory
    on_answer: Callable[[Outcome], None]
    _counts: Counter[Count]
    timing: Timing = field(factory=Timing, init=False)

    def met(self) -> None:
        """The memory knows the coordinator by now."""
        self.timing = self.memory.timing(self.timing)

    def finished(self, transaction: Transaction, now: float) -> None:
        """Learn from a transaction that has its outcome."""
        outcome, request = transaction.outcome, transaction.request
        assert outcome is not None
        if outcome.response is not None:
            self.timing = observe(self.timing, request, outcome.response)
            self.memory.observe(outcome)
            self._suspect(request, now)
        self.unanswered.finished(transaction, now)
        try:
            self.on_answer(outcome)
        except Exception:
            log.exception("the answer to %s was not passed on", request)
        if outcome.status < 0:
            name = name_of(request.pnum, request.pcmd)
            log.info("%s to %d: %s", name, request.nadr, status_text(outcome.status))
        if outcome.status == DpaTimeoutError.code:
            self._counts[Count.TIMEOUT] += 1

    def unwanted(self, packet: Confirmation | Response) -> bool:
        """Take a frame that came too late, or for nothing.

        True if it shows that the coordinator is done with what it was thought to be busy with.
        """
        frame = packet.encode()
        if (request := self.unanswered.late(packet)) is not None:
            self._counts[Count.LATE] += 1
            log.info("late: %s", shown(frame))
            return not is_remote(request)
        self._counts[Count.UNEXPECTED] += 1
        log.warning("unexpected: %s", shown(frame))
        return False

    def _suspect(self, request: Request, now: float) -> None:
        """Note that the answer to `request` may be a late one to an equal request before."""
        if (suspicion := self.unanswered.suspect(request)) is None:
            return
        self._counts[Count.DISPUTED] += 1
        given_up_at, first = suspicion
        log.log(
            logging.INFO if first else logging.DEBUG,
            "%s to %d: the answer may be that to the one given up %.1f s ago",
            name_of(request.pnum, request.pcmd),
            request.nadr,
            now - given_up_at,
        )
