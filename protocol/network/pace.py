"""How far something is that takes long, and how long the rest may take."""

from attrs import frozen


@frozen
class Pace:
    """`done` of `total` parts of a `kind`, e.g. "FRC"; `seconds` are those that are left, about."""

    kind: str
    done: int
    total: int
    seconds: int | None = None

    @classmethod
    def of(cls, kind: str, done: int, total: int, elapsed_s: float) -> "Pace":
        """The pace where `done` parts took `elapsed_s`, and the rest goes on like that."""
        left = round(elapsed_s / done * (total - done)) if done else None
        return cls(kind, done, total, left)

    def __str__(self) -> str:
        """In words."""
        left = "" if self.seconds is None else f", about {self.seconds} s left"
        return f"{self.kind} {self.done} of {self.total}{left}"
