"""Messages of DPA commands with their bytes and answers; times and free texts are masked.

`bytes` is the DPA request (None where nothing is sent), `answered` the response. `extra` are those
of a second transaction. `devices` are MID and HWPID of devices that are known, by address.
"""

import json
from pathlib import Path
from typing import Any

from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.registry import REGISTRY

FILE = Path(__file__).parents[3] / "vectors" / "dpa_api.jsonl"

VECTORS: tuple[Any, ...] = tuple(map(json.loads, FILE.read_text("utf-8").splitlines()))


def name_of(vector: Any) -> str:
    """What to call a vector in tests."""
    return f"{vector['id']}-{vector['mType']}-{vector['kind']}"


def single(vector: Any) -> bool:
    """Whether it is a message of one transaction."""
    row = REGISTRY.get(vector["mType"])
    return vector["kind"] != "async" and row is not None and row.transaction is not None


def collected(vector: Any) -> bool:
    """Whether it is an FRC of a standard."""
    return vector["mType"] in {row.mtype for row in COLLECTIONS}


def masked(expected: Any, given: Any) -> Any:
    """`given` with the masks of `expected` in place of times and free texts."""
    if isinstance(expected, str) and expected in {"<time>", "<text>"}:
        return expected if isinstance(given, str) and given else given
    if isinstance(expected, dict) and isinstance(given, dict):
        return {name: masked(expected.get(name), value) for name, value in given.items()}
    if isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        return [masked(*pair) for pair in zip(expected, given, strict=True)]
    return given
