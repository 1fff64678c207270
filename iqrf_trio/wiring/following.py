"""Sections of the configuration that parts of the running gateway take up by themselves."""

from collections.abc import Callable, Mapping

from iqrf_trio.config import Config, bytes_of
from iqrf_trio.wiring.gateway import Parts
from iqrf_trio.wiring.reloading import Follow


def followers(parts: Parts, renew_pages: Callable[[], None]) -> Mapping[str, Follow]:
    """Who takes up a section, by its name. `renew_pages` has HTTP follow what is in force."""

    async def follow_http(_old: Config, _new: Config) -> None:
        renew_pages()

    async def follow_history(_old: Config, new: Config) -> None:
        if parts.history is not None:
            parts.history.max_bytes = bytes_of(new.history.max_size)

    async def follow_mqtt(old: Config, new: Config) -> None:
        await parts.broker.change(old, new)
        parts.gateway.messagings = parts.announcer.messagings

    return {"http": follow_http, "history": follow_history, "mqtt": follow_mqtt}
