"""What becomes of an old gateway's configuration: settings, and what was not taken."""

from collections.abc import Mapping

from attrs import define, field

from protocol.api.errors import InvalidRequestError

Object = Mapping[str, object]


class UnfitError(InvalidRequestError):
    """What cannot be taken over; the message says why."""


@define
class Translation:
    """Settings by their dotted key, where each came from, and what was not taken for which reason.

    `lost` is what clients and users of the old gateway will miss; `left` is everything else.
    """

    settings: dict[str, object] = field(factory=dict)
    taken: list[str] = field(factory=list)
    left: list[str] = field(factory=list)
    lost: list[str] = field(factory=list)
    files: dict[str, bytes] = field(factory=dict, repr=False)
    """Secrets to be written into files of their own, by the setting that names the file."""

    def take(self, key: str, value: object, source: str) -> None:
        """Have a setting."""
        self.settings[key] = value
        self.taken.append(f"{key} from {source}")

    def drop(self, key: str) -> None:
        """Have a setting no longer, nor say that it was taken."""
        self.settings.pop(key, None)
        self.taken = [line for line in self.taken if not line.startswith(f"{key} from ")]

    def leave(self, source: str, reason: str) -> None:
        """Tell what was not taken."""
        self.left.append(f"{source}: {reason}")

    def member(self, name: str, content: Object, member: str, key: str, *, kind: type) -> None:
        """Take a member of the file `name`, if it is there and is what it should be."""
        if member not in content:
            return
        value = content[member]
        if type(value) is kind:
            self.take(key, value, f"{name}, {member}")
        else:
            self.leave(name, f"{member} is no {kind.__name__}")
