"""Who asked for a silent radio and waits for the end of what is on the air."""

from collections.abc import Callable
from typing import Protocol

from attrs import define, field


class Owner(Protocol):
    """Who asked, as far as it matters here."""

    @property
    def live(self) -> bool:
        """Whether it is still there to be told."""


@define
class Silence:
    """Functions to be called once the radio is silent, by who asked."""

    _waiting: dict[Owner, list[Callable[[], None]]] = field(factory=dict)

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def expect(self, owner: Owner, tell: Callable[[], None]) -> None:
        """Have `tell` called at the next `tell`, in the order in which they came.

        Owners that are gone are told now: clients that come, ask and leave while a long
        transaction is on the air must not pile up.
        """
        if owner not in self._waiting:
            for gone in [each for each in self._waiting if not each.live]:
                _call(self._waiting.pop(gone))
        self._waiting.setdefault(owner, []).append(tell)

    def tell(self) -> None:
        """The radio is silent, or is not to be silent any more."""
        waiting, self._waiting = self._waiting, {}
        for functions in waiting.values():
            _call(functions)


def _call(functions: list[Callable[[], None]]) -> None:
    for function in functions:
        function()
