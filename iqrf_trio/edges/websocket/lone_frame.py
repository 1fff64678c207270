"""A message that came as one frame in one read, taken out of it without the library.

Nearly all requests come so. The library reads each frame in pieces, by some sixty calls of
functions: a third of what a small request costs. Whatever is not exactly such a frame, and all
that is wrong with one, is left to the library.
"""

_TEXT = 0x81
"""First byte of an unfragmented text frame (RFC 6455, 5.2)."""

_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
"""Lengths that mean two, or eight, bytes of length behind them."""

_MASK_SIZE = 4


def text_in(data: bytes | bytearray) -> str | None:
    """The text, if `data` is one masked, unfragmented text frame and nothing else; else None."""
    if len(data) < 2 or data[0] != _TEXT or not data[1] & _MASKED:
        return None
    size, mask_at = data[1] & ~_MASKED, 2
    if size == _EIGHT_BYTES:
        return None
    if size == _TWO_BYTES:
        size, mask_at = int.from_bytes(data[2:4], "big"), 4
        if size < _TWO_BYTES:
            return None  # a length in more bytes than it needs is an error
    at = mask_at + _MASK_SIZE
    if len(data) != at + size:
        return None
    try:
        return _unmasked(data[at:], data[mask_at:at]).decode()
    except UnicodeDecodeError:
        return None


def _unmasked(payload: bytes | bytearray, mask: bytes | bytearray) -> bytes:
    """The payload, each byte of which was combined with one of the mask, in turn (5.3)."""
    size = len(payload)
    whole_mask = (mask * (size // _MASK_SIZE + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(whole_mask, "little")
    return number.to_bytes(size, "little")
