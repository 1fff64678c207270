"""A snapshot of a gateway as bytes: what it is of stands in front, its parts follow, each checked.

Layout: magic, format version, length and SHA-256 of the manifest; the manifest (JSON); the parts,
compressed and perhaps sealed, in the manifest's order.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson
from attrs import asdict, field, frozen

from protocol.auth.times import InvalidTimeError, format_iso, parse_iso
from protocol.errors import ProtocolError

MAGIC = b"IQTRVALT"
FORMAT = 1
"""Grows when an older program could no longer read what a newer one writes."""

MAX_PART = 32 * 1024 * 1024
"""Bytes; a network of 239 nodes takes a fraction of one MiB."""
_MAX_MANIFEST = 256 * 1024

_HEAD = struct.Struct("<8sHHI32s")

COORDINATOR = "coordinator"
DATABASE = "database"
CONFIGURATION = "configuration"
_NODE = "node/"


class SnapshotError(ProtocolError):
    """Bytes that cannot be used as a snapshot; the text says why."""


class DamagedSnapshotError(SnapshotError):
    """A snapshot that is torn, or whose bytes are not those that were written."""


class SealedSnapshotError(SnapshotError):
    """A snapshot whose parts are encrypted, and no passphrase, or the wrong one, was given."""


def node_part(address: int) -> str:
    """The name of the part that holds a node's backup."""
    return f"{_NODE}{address}"


def node_address(name: str) -> int | None:
    """The address of the node whose backup the part `name` is, None for other parts."""
    return int(name.removeprefix(_NODE)) if name.startswith(_NODE) else None


@frozen
class Module:
    """The coordinator that a snapshot is of: what decides where it may be restored."""

    mid: int
    mcu_type: int
    os_version: int
    os_build: int
    dpa: int
    bonded: tuple[int, ...] = ()


@frozen
class Snapshot:
    """What there is to keep: parts by name, each as bytes, and of which gateway at what time."""

    made_at: datetime
    gateway: str
    module: Module | None
    parts: Mapping[str, bytes] = field(repr=False)

    @property
    def content(self) -> str:
        """What tells whether two snapshots hold the same, whenever they were made."""
        digest = hashlib.sha256(orjson.dumps(_plain(self.module)))
        for name in sorted(self.parts):
            digest.update(name.encode() + b"\0" + hashlib.sha256(self.parts[name]).digest())
        return digest.hexdigest()


@frozen
class Part:
    """One part as it is stored: its size as it was, and size and SHA-256 as it is."""

    name: str
    size: int
    stored: int
    sha256: str


@frozen
class Manifest:
    """What a snapshot says of itself without being opened; `length` is that of all its bytes.

    `seal` is None for one that is not encrypted, else what it takes besides the passphrase.
    """

    made_at: datetime
    gateway: str
    module: Module | None
    content: str
    seal: Mapping[str, Any] | None
    parts: tuple[Part, ...]
    length: int


class Seal(Protocol):
    """Encrypts the parts of one snapshot."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What opening takes besides the passphrase; stands in the manifest."""

    def close(self, name: str, plain: bytes) -> bytes:
        """The part `name`, encrypted."""


Unseal = Callable[[Mapping[str, Any], str, bytes], bytes]
"""Decrypts a part: given the seal's parameters and its name; raises SealedSnapshotError."""


def encode(snapshot: Snapshot, seal: Seal | None = None) -> bytes:
    """The snapshot as bytes, its parts encrypted where there is a seal."""
    stored: list[bytes] = []
    parts: list[Part] = []
    for name, plain in snapshot.parts.items():
        body = zlib.compress(plain)
        body = seal.close(name, body) if seal else body
        stored.append(body)
        parts.append(Part(name, len(plain), len(body), hashlib.sha256(body).hexdigest()))
    manifest = orjson.dumps(
        {
            "made_at": format_iso(snapshot.made_at),
            "gateway": snapshot.gateway,
            "module": _plain(snapshot.module),
            "content": snapshot.content,
            "seal": dict(seal.parameters) if seal else None,
            "parts": [asdict(part) for part in parts],
        }
    )
    head = _HEAD.pack(MAGIC, FORMAT, 0, len(manifest), hashlib.sha256(manifest).digest())
    return b"".join((head, manifest, *stored))


def read_manifest(data: bytes) -> Manifest:
    """What the snapshot at the start of `data` is; its parts need not be there.

    Raises DamagedSnapshotError, and SnapshotError for what is no snapshot or of a newer format.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise SnapshotError("this is no snapshot of iqrf-trio")
    if len(data) < _HEAD.size:
        raise DamagedSnapshotError(f"the snapshot ends after {len(data)} bytes")
    _, version, _, length, digest = _HEAD.unpack_from(data)
    if version != FORMAT:
        raise SnapshotError(f"the snapshot has format {version}; this program knows {FORMAT}")
    text = data[_HEAD.size : _HEAD.size + length]
    if length > _MAX_MANIFEST or hashlib.sha256(text).digest() != digest:
        raise DamagedSnapshotError("the manifest of the snapshot is damaged")
    return _manifest(text)


def verify(data: bytes) -> Manifest:
    """What the snapshot is, if each part is as it was written; raises as `read_manifest` does."""
    manifest = read_manifest(data)
    if len(data) != manifest.length:
        raise DamagedSnapshotError(f"the snapshot has {len(data)} of {manifest.length} bytes")
    for part, body in _bodies(manifest, data):
        if hashlib.sha256(body).hexdigest() != part.sha256:
            raise DamagedSnapshotError(f"the part {part.name} is damaged")
    return manifest


def decode(data: bytes, unseal: Unseal | None = None) -> Snapshot:
    """The snapshot itself.

    Raises SnapshotError, and of its kinds SealedSnapshotError for an encrypted one without, or
    with the wrong `unseal`.
    """
    manifest = verify(data)
    parts = {}
    for part, body in _bodies(manifest, data):
        if manifest.seal is not None:
            if unseal is None:
                raise SealedSnapshotError("the snapshot is encrypted, and there is no passphrase")
            body = unseal(manifest.seal, part.name, body)  # noqa: PLW2901
        parts[part.name] = _decompressed(part, body)
    return Snapshot(manifest.made_at, manifest.gateway, manifest.module, parts)


def _manifest(text: bytes) -> Manifest:
    try:
        told = orjson.loads(text)
        parts = tuple(Part(**part) for part in told["parts"])
        module = told["module"]
        length = _HEAD.size + len(text) + sum(part.stored for part in parts)
        return Manifest(
            made_at=parse_iso(told["made_at"]),
            gateway=told["gateway"],
            module=module and Module(**{**module, "bonded": tuple(module["bonded"])}),
            content=told["content"],
            seal=told["seal"],
            parts=parts,
            length=length,
        )
    except (KeyError, TypeError, ValueError, InvalidTimeError) as error:
        raise DamagedSnapshotError("the manifest of the snapshot makes no sense") from error


def _bodies(manifest: Manifest, data: bytes) -> list[tuple[Part, bytes]]:
    start = manifest.length - sum(part.stored for part in manifest.parts)
    bodies = []
    for part in manifest.parts:
        bodies.append((part, data[start : start + part.stored]))
        start += part.stored
    return bodies


def _decompressed(part: Part, body: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(body, min(part.size, MAX_PART) + 1)
    except zlib.error as error:
        raise DamagedSnapshotError(f"the part {part.name} is damaged: {error}") from error
    if len(plain) != part.size or not stream.eof:
        raise DamagedSnapshotError(f"the part {part.name} has not the size that it is said to have")
    return plain


def _plain(module: Module | None) -> dict[str, Any] | None:
    return None if module is None else asdict(module)
