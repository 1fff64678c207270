"""Snapshots as bytes: they come back as they were, and damage is told from health."""

import hashlib
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.vault import snapshot
from protocol.vault.snapshot import (
    DamagedSnapshotError,
    Module,
    SealedSnapshotError,
    Snapshot,
    SnapshotError,
    decode,
    encode,
    node_address,
    node_part,
    read_manifest,
    verify,
)

AT = datetime(2026, 6, 1, 12, 30, 15, 250_000, tzinfo=UTC)
MODULE = Module(0x81112233, 0x24, 0x46, 0x08D8, 0x0417, (1, 2, 7))
PARTS = {"coordinator": bytes(range(147)), "database": b"{}" * 500, "configuration": b""}
WHOLE = Snapshot(AT, "gateway", MODULE, PARTS)


class Rot:
    """A seal for tests: every byte plus three."""

    parameters: Mapping[str, Any] = {"by": 3}

    def close(self, name: str, plain: bytes) -> bytes:
        return name.encode() + bytes((byte + 3) % 256 for byte in plain)


def unrot(parameters: Mapping[str, Any], name: str, sealed: bytes) -> bytes:
    if not sealed.startswith(name.encode()):
        raise SealedSnapshotError("of another part")
    return bytes((byte - parameters["by"]) % 256 for byte in sealed[len(name.encode()) :])


@given(
    st.dictionaries(st.text(max_size=10), st.binary(max_size=300), max_size=5),
    st.none() | st.just(MODULE),
    st.text(max_size=5),
    st.booleans(),
)
def test_what_was_encoded_is_decoded(
    parts: dict[str, bytes], module: Module | None, gateway: str, sealed: bool
) -> None:
    whole = Snapshot(AT, gateway, module, parts)
    assert decode(encode(whole, Rot() if sealed else None), unrot) == whole


def test_the_manifest_tells_what_it_is_without_the_parts() -> None:
    data = encode(WHOLE)
    manifest = read_manifest(data[: len(data) - 40])
    assert (manifest.made_at, manifest.gateway, manifest.module) == (AT, "gateway", MODULE)
    assert [(part.name, part.size) for part in manifest.parts] == [
        ("coordinator", 147),
        ("database", 1000),
        ("configuration", 0),
    ]
    assert manifest.length == len(data) == verify(data).length
    assert manifest.seal is None


def test_a_sealed_snapshot_takes_its_key() -> None:
    data = encode(WHOLE, Rot())
    assert PARTS["coordinator"] not in data
    assert verify(data).seal == {"by": 3}
    with pytest.raises(SealedSnapshotError, match="there is no passphrase"):
        decode(data)
    assert decode(data, unrot) == WHOLE


def test_two_snapshots_of_the_same_state_have_the_same_content() -> None:
    later = evolve(WHOLE, made_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert later.content == WHOLE.content == read_manifest(encode(WHOLE, Rot())).content
    others = [
        evolve(WHOLE, parts=PARTS | {"database": b"[]" * 500}),
        evolve(WHOLE, parts=PARTS | {"node/3": b""}),
        evolve(WHOLE, module=evolve(MODULE, bonded=(1, 2))),
        evolve(WHOLE, module=None),
    ]
    assert len({each.content for each in (WHOLE, *others)}) == 5


def test_every_flipped_bit_is_noticed() -> None:
    data = encode(evolve(WHOLE, parts={"coordinator": b"12345"}))
    for place in range(len(data)):
        if place in (10, 11):  # reserved
            continue
        torn = bytearray(data)
        torn[place] ^= 1 << place % 8
        with pytest.raises(SnapshotError):
            verify(bytes(torn))


def test_every_torn_snapshot_is_noticed() -> None:
    data = encode(evolve(WHOLE, parts={"coordinator": b"12345"}))
    for length in range(len(data)):
        with pytest.raises(SnapshotError):
            verify(data[:length])
    with pytest.raises(DamagedSnapshotError):
        verify(data + b"\0")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        decode(data)


def test_a_snapshot_of_a_newer_format_is_told_apart_from_a_damaged_one() -> None:
    data = bytearray(encode(WHOLE))
    data[8] = 2
    with pytest.raises(SnapshotError, match="has format 2; this program knows 1"):
        verify(bytes(data))


def crafted(manifest: object, body: bytes = b"") -> bytes:
    text = orjson.dumps(manifest)
    head = (snapshot.MAGIC, snapshot.FORMAT, 0, len(text), hashlib.sha256(text).digest())
    return struct.pack("<8sHHI32s", *head) + text + body


GOOD: dict[str, Any] = {
    "made_at": "2026-06-01T12:00:00.000Z",
    "gateway": "g",
    "module": None,
    "content": "",
    "seal": None,
    "parts": [],
}


@pytest.mark.parametrize(
    "manifest",
    [
        5,
        [],
        {},
        GOOD | {"made_at": "yesterday"},
        GOOD | {"made_at": 5},
        GOOD | {"parts": [{"name": "a"}]},
        GOOD | {"parts": 7},
        GOOD | {"module": {"mid": 5}},
    ],
)
def test_a_manifest_that_makes_no_sense_is_damage(manifest: object) -> None:
    assert decode(crafted(GOOD)).parts == {}
    with pytest.raises(DamagedSnapshotError, match="makes no sense"):
        verify(crafted(manifest))


def test_a_part_that_would_fill_the_memory_is_refused() -> None:
    body = zlib.compress(bytes(1_000_000))
    part = {"name": "a", "size": 10, "stored": len(body), "sha256": ""}
    part["sha256"] = hashlib.sha256(body).hexdigest()
    with pytest.raises(DamagedSnapshotError, match="has not the size that it is said to have"):
        decode(crafted(GOOD | {"parts": [part]}, body))


def test_nodes_have_parts_of_their_own() -> None:
    assert node_part(17) == "node/17"
    assert [node_address(name) for name in ("node/17", "database")] == [17, None]


def test_parts_do_not_show() -> None:
    assert "parts" not in repr(WHOLE)
