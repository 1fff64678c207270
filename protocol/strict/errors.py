"""Why a value is refused, and the words of others inside such a reason."""

from protocol.errors import ProtocolError

_MAX_QUOTE = 80
"""Characters of a client's own words inside an error text."""


def shorten(text: str, limit: int = _MAX_QUOTE) -> str:
    """`text` itself, or its first `limit` characters with an ellipsis."""
    return text if len(text) <= limit else text[:limit] + "…"


class MemberError(ProtocolError, ValueError):
    """A value that cannot be what is asked for: the reason, and what to write instead if known.

    `path` leads from the value that was read to the one that is refused: `.nodes[3].address`;
    it is empty for the value itself.
    """

    def __init__(self, reason: str, path: str = "", fix: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        self.fix = fix

    def as_text(self) -> str:
        """Path, reason and what to write instead, for those who edit a file."""
        fix = f" ({self.fix})" if self.fix else ""
        return f"{self.path.lstrip('.')} {self.reason}{fix}".lstrip()
