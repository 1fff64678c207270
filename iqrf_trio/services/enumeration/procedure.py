"""One enumeration from its first step to its last."""

import logging
from collections.abc import Callable, Iterable, Mapping

from attrs import define

from iqrf_trio.services.enumeration.interview import Interview, Told
from iqrf_trio.store import Store
from protocol.api.db import Step
from protocol.network import identity, standards, tables
from protocol.network.catalogue import Catalogue
from protocol.network.network import Device, Network
from protocol.network.standards import Question, Standards

log = logging.getLogger("iqrf_trio.enumeration")

CANDIDATES = 3
"""How many devices of a product are asked before its standards stay unknown for now."""


@define(eq=False)
class Procedure:
    """Learns the network and keeps what it learned, part by part.

    Each part is one transaction of the store, so that whenever the procedure ends, the database
    is as it was before a part or after it. `reached` is told each step, with a word about it,
    `told` how far it is within a step.
    """

    _interview: Interview
    _store: Store
    _catalogue: Catalogue
    _reached: Callable[[Step, str], None]
    _told: Told

    async def run(self, *, everyone: bool, with_standards: bool) -> None:
        """Enumerate; `everyone` asks known devices again. Raises DpaError and StoreError."""
        self._reached(Step.STARTED, "ok")
        before = self._store.network
        coordinator = await self._survey()
        self._reached(Step.CHECKED, "ok")

        self._reached(Step.DEVICES, "ok")
        addresses = identity.to_identify(before, self._store.network, everyone=everyone)
        products = await self._interview.identify(coordinator, addresses, self._told)
        silent = [address for address in addresses if address not in products]
        told = f"ok; no answer from {identity.listed(silent)}" if silent else "ok"
        self._reached(Step.DEVICES_DONE, told)

        self._reached(Step.PRODUCTS, "ok")
        await self._save(lambda network: identity.identified(network, products, silent))
        self._reached(Step.PRODUCTS_DONE, "ok")

        if with_standards:
            self._reached(Step.STANDARDS, "ok")
            await self._describe(products if everyone else ())
            self._reached(Step.STANDARDS_DONE, "ok")
        self._reached(Step.FINISHED, "ok")

    async def _survey(self) -> Device:
        survey = await self._interview.survey()
        await self._save(lambda network: tables.surveyed(network, survey))
        if left_out := tables.nameless(survey, self._store.network):
            log.warning("no MID known for nodes %s: left out", identity.listed(left_out))
        return survey.coordinator

    async def _describe(self, again: Iterable[int]) -> None:
        """Learn the standards of devices without any, and of those to be asked again."""
        addresses = standards.undescribed(self._store.network) | frozenset(again)
        known = standards.already_told(self._store.network, addresses)
        await self._keep(known)
        open_ = addresses - known.keys()
        questions = list(standards.questions(self._store.network, open_))
        for number, question in enumerate(questions, 1):
            await self._keep(await self._ask(question))
            self._told("product", number, len(questions))

    async def _ask(self, question: Question) -> dict[int, Standards]:
        """What one device of a product tells, for all of them, if a second one agrees."""
        for asked in question.ask[:CANDIDATES]:
            told = await self._interview.standards(asked)
            if told is None:
                continue
            others = question.others(asked)
            if not others or not await self._interview.contradicts(others[0], told):
                return dict.fromkeys((asked, *others), told)
            log.warning("nodes of HWPID %04x differ: asking each", question.identity.hwpid)
            return {asked: told} | await self._ask_each(others)
        return {}

    async def _ask_each(self, addresses: Iterable[int]) -> dict[int, Standards]:
        answers = {address: await self._interview.standards(address) for address in addresses}
        return {address: told for address, told in answers.items() if told is not None}

    async def _keep(self, found: Mapping[int, Standards]) -> None:
        await self._save(lambda network: standards.described(network, found))

    async def _save(self, change: Callable[[Network], Network]) -> None:
        """Commit what `change` makes of the network as it is at this moment."""
        network = self._store.network
        changed = self._catalogue.applied(change(network))
        if changed != network:
            await self._store.save_network(changed)
