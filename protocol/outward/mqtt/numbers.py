"""Numbers of events, by which a receiver knows a repeated one, and sees that some are missing."""

from attrs import define, field


@define
class EventNumbers:
    """Counts the events of one run of the gateway, from 1.

    `run` is a word that no other run has: after a restart the numbers begin anew under another one,
    so that nothing has to be stored and no number is given twice.
    """

    run: str
    last: int = field(default=0, init=False)
    """The number that was given last."""

    def mark(self, payload: bytes) -> bytes:
        """A JSON object with the members `run` and `seq` at its end, whichever it had."""
        self.last += 1
        separator = b"" if payload.rstrip() == b"{}" else b","
        members = b'"run":"%s","seq":%d}' % (self.run.encode(), self.last)
        return payload.rstrip()[:-1] + separator + members
