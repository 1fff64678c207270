"""The checks of the gateway's parts, gathered whenever somebody asks how it is."""

import logging
from collections.abc import Callable
from typing import NoReturn

import trio
from attrs import define, field, frozen

from protocol.outward.health import Check, Health, Status, in_words

log = logging.getLogger("iqrf_trio.health")

Examine = Callable[[], Check | None]
"""Looks at one part, None where there is none at the moment; never waits."""


@define(eq=False)
class HealthChecks:
    """The checks by the name of their part, in the order in which they were added."""

    _checks: dict[str, Examine] = field(factory=dict, init=False)

    def add(self, name: str, examine: Examine) -> None:
        """From now on `name` is examined too."""
        self._checks[name] = examine

    def names(self) -> tuple[str, ...]:
        """The parts that there are."""
        return tuple(self.examine().checks)

    def examine(self) -> Health:
        """How all parts are."""
        looked = ((name, self._look(name)) for name in self._checks)
        return Health({name: check for name, check in looked if check is not None})

    def part(self, name: str) -> Check:
        """How one part is. Raises KeyError for one that there is not."""
        check = self._look(name)
        if check is None:
            raise KeyError(name)
        return check

    def _look(self, name: str) -> Check | None:
        examine = self._checks[name]
        try:
            return examine()
        except Exception:  # one check that fails must not hide the others
            log.exception("%s could not be examined", name)
            return Check(Status.FAIL, "it could not be examined; the log says why")


STATUS_S = 10.0
"""How often the service manager's status line is looked after."""


@frozen(eq=False)
class StatusLine:
    """Tells in a line what is wrong, whenever that has changed."""

    _checks: HealthChecks
    _tell: Callable[[str], None]

    async def run(self) -> NoReturn:
        """Look, for as long as the daemon serves."""
        told = ""
        while True:
            await trio.sleep(STATUS_S)
            words = in_words(self._checks.examine())
            if words != told:
                self._tell(words)
            told = words
