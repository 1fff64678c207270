"""Recorded transactions, parsed and put through the transaction machine again."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from protocol.dpa.errors import DpaTimeoutError, status_text
from protocol.dpa.packet import BROADCAST, Confirmation, Packet, Request, Response, parse
from protocol.dpa.timing import Timing, is_remote
from protocol.dpa.transaction import NO_FORMER, Former, Outcome, Transaction
from protocol.errors import RemoteProtocolError

PATIENCE_MS = 900_000
"""How long the recorded answers are waited for where the model of the timing does not."""

COLUMNS = ("file", "t_conf_ms", "t_rsp_ms", "request", "confirmation", "response")
"""Of a table of recorded transactions; frames are hexadecimal bytes with dots between."""


@frozen
class Recorded:
    """One transaction as it was recorded; times are seconds from the request.

    Where a table was edited by hand, so that answers come before what they answer, they count as
    prompt: a time below zero is 0, and a confirmation comes no later than the response.
    """

    name: str
    request: bytes
    confirmation: bytes
    confirmed_s: float
    response: bytes
    responded_s: float


@frozen
class Verdict:
    """What became of a recorded transaction; without `faults` all is as it should be.

    `patience`: the answer came later than the timing model waits on its own, and was waited for
    as a client can ask for it.
    `early`: it came sooner than the model allows, so that it would have been rejected if another
    request like this one had been unanswered before.
    """

    recorded: Recorded
    faults: tuple[str, ...]
    patience: bool = False
    early: bool = False


def records(lines: Iterable[str]) -> Iterator[Recorded]:
    """The records of a table with tabs and a head; raises ValueError."""
    rows = (line.rstrip("\n").split("\t") for line in lines)
    if tuple(next(rows, ())) != COLUMNS:
        raise ValueError(f"the first line must name the columns {', '.join(COLUMNS)}")
    for name, confirmed_ms, responded_ms, request, confirmation, response in rows:
        yield Recorded(
            name=name,
            request=_bytes(request),
            confirmation=_bytes(confirmation),
            confirmed_s=min(map(_seconds, filter(None, (confirmed_ms, responded_ms))), default=0.0),
            response=_bytes(response),
            responded_s=_seconds(responded_ms),
        )


def replay(recorded: Recorded) -> Verdict:
    """Parse a recorded transaction, encode it again, and let the machine live through it."""
    faults = []
    packets: list[Packet] = []
    for frame in (recorded.request, recorded.confirmation, recorded.response):
        if not frame:
            continue
        try:
            packet = parse(frame)
        except RemoteProtocolError as error:
            faults.append(f"{frame.hex('.')}: {error}")
            continue
        packets.append(packet)
        if packet.encode() != frame:
            faults.append(f"{frame.hex('.')} became {packet.encode().hex('.')}")
    if faults or not isinstance(packets[0], Request):
        return Verdict(recorded, tuple(faults) or ("the request is none",))
    outcome, _ = _live(recorded, packets[0], packets[1:], None)
    expected = _expected(packets)
    patience = outcome.status != expected
    if patience:
        outcome, _ = _live(recorded, packets[0], packets[1:], PATIENCE_MS)
    if outcome.status != expected:
        faults.append(f"ended with {status_text(outcome.status)}, not {status_text(expected)}")
    _, rejected = _live(recorded, packets[0], packets[1:], PATIENCE_MS, Former(unanswered=1))
    early = is_remote(packets[0]) and rejected > 0
    return Verdict(recorded, tuple(faults), patience, early)


def _live(
    recorded: Recorded,
    request: Request,
    answers: list[Packet],
    timeout_ms: int | None,
    former: Former = NO_FORMER,
) -> tuple[Outcome, int]:
    """What became of it, and how many answers were rejected."""
    transaction = Transaction(
        request, Timing(), 0.0, timeout_ms, former=former, limit_ms=PATIENCE_MS
    )
    for packet in answers:
        confirms = isinstance(packet, Confirmation)
        at = recorded.confirmed_s if confirms else recorded.responded_s
        transaction.tick(at)
        # What came at the same time, came in one read.
        transaction.receive(packet, at, read=round(at * 1e6))
    while transaction.outcome is None:
        transaction.tick(transaction.deadline)
    return transaction.outcome, transaction.rejected


def _expected(packets: list[Packet]) -> int:
    """The status with which the transaction must end."""
    if isinstance(packets[-1], Response):
        return packets[-1].rcode
    return 0 if packets[0].nadr == BROADCAST else DpaTimeoutError.code


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(".", ""))


def _seconds(text: str) -> float:
    return max(0.0, float(text or 0) / 1000)
