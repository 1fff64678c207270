"""What a token allows, and what a request takes: the scope and the service permission."""

from enum import Enum

from attrs import frozen


class Scope(Enum):
    """How much a token may do; each scope includes those before it.

    The values are what the database, the commands and the documentation call them; `rank` is the
    number of scopes below.
    """

    rank: int

    def __new__(cls, name: str) -> "Scope":
        """A scope above those that are there already."""
        scope = object.__new__(cls)
        scope._value_, scope.rank = name, len(cls.__members__)
        return scope

    READ = "read"
    """See what the gateway knows; nothing is changed and the radio is not used."""

    CONTROL = "control"
    """Use the devices too: switch, read values, send DPA requests."""

    MANAGE = "manage"
    """Change the network and the gateway too: bonds, configuration, restore, queue, exit."""

    def includes(self, other: "Scope") -> bool:
        """Whether `other` is this scope or a smaller one."""
        return self.rank >= other.rank


@frozen
class Rights:
    """A scope, with or without the service permission (the service mode of the gateway).

    `ended` says why nothing is allowed any more; empty as long as something is.
    """

    scope: Scope
    service: bool = False
    ended: str = ""

    def missing(self, needed: "Rights") -> str | None:
        """Why the holder of these rights may not do what takes `needed`; None if it may."""
        if self.ended:
            return self.ended
        if not self.scope.includes(needed.scope):
            return (
                f"The token's scope is {self.scope.value}, this takes the scope "
                f"{needed.scope.value}."
            )
        if needed.service and not self.service:
            return "The token lacks the service permission."
        return None


READ = Rights(Scope.READ)
CONTROL = Rights(Scope.CONTROL)
MANAGE = Rights(Scope.MANAGE)
