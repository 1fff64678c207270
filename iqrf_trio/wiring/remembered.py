"""What the store remembers of the broker from one run of the gateway to the next."""

import logging
import secrets

from attrs import astuple

from iqrf_trio.messaging.mqtt.publisher import Held
from iqrf_trio.store import Store, StoreError
from protocol.outward.mqtt.places import Place

log = logging.getLogger("iqrf_trio.mqtt")

GATEWAY_ID = "gateway_id"
"""The setting that holds the id of this gateway, made at the first use."""

HELD = "mqtt_held"
"""The setting that holds what the broker may hold of nodes."""

UNTIL = "mqtt_until"
"""The setting that holds until when the broker has all values (unix time)."""


async def load_held(store: Store) -> Held:
    """What the broker may hold; nothing where nobody can tell."""
    try:
        found = await store.setting(HELD)
    except StoreError as error:
        log.warning("what the broker holds is not known: %s", error)
        return Held()
    if not isinstance(found, dict) or not isinstance(found.get("mids"), list):
        return Held()
    mids = (each for each in found["mids"] if isinstance(each, int))
    return Held(frozenset(mids), found.get("discovered") is True, _place(found.get("place")))


def _place(stored: object) -> Place | None:
    if isinstance(stored, list) and len(stored) == 3 and all(isinstance(x, str) for x in stored):
        return Place(*stored)
    return None


async def load_until(store: Store) -> float | None:
    """Until when the broker has all values (unix time), None where nobody can tell."""
    try:
        found = await store.setting(UNTIL)
    except StoreError:
        return None
    return float(found) if isinstance(found, int | float) else None


async def save_until(store: Store, until: float) -> None:
    """Store it; where that fails, more is repeated at the next start."""
    try:
        await store.save_setting(UNTIL, round(until))
    except StoreError as error:
        log.warning("not stored until when the broker has all values: %s", error)


async def save_held(store: Store, held: Held) -> bool:
    """Store it; False where that failed."""
    place = None if held.place is None else astuple(held.place)
    value = {"mids": sorted(held.mids), "discovered": held.discovered, "place": place}
    try:
        await store.save_setting(HELD, value)
    except StoreError as error:
        log.warning("nodes are not published over MQTT: %s", error)
        return False
    return True


async def gateway_id(store: Store) -> str:
    """The id of this gateway in topics, which stays whatever module it has."""
    try:
        known = await store.setting(GATEWAY_ID)
        if isinstance(known, str) and known:
            return known
        made = secrets.token_hex(4)
        await store.save_setting(GATEWAY_ID, made)
    except StoreError as error:
        log.warning("the gateway's id in MQTT topics is for this run only: %s", error)
        return secrets.token_hex(4)
    return made
