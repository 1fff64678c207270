"""The IQRF code ("Smart Connect code") that is printed on devices: what it says of a device.

57 characters are digits; the last character checks the others. Pieces of 11 characters are 8
bytes, a shorter last piece fewer. The bytes are read as nibbles, the low one first: a tag, then
the members that it announces.
"""

from collections.abc import Iterator

from attrs import field, frozen

from protocol.errors import ProtocolError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstvwxyz"

MAX_LENGTH = 200
"""Characters that are read at most; a code with all members has fewer than 60."""

IBK_LENGTH = 16
"""Bytes of the individual bonding key."""

_BASE = len(ALPHABET)
_PIECE = 11
_LENGTHS = {0: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
"""Bytes that a piece of so many characters has."""
_CHARACTERS = {size: characters for characters, size in _LENGTHS.items()}

_END, _MID, _IBK, _HWPID, _CHANNEL, _FILLER, _DATA, _TEXT = range(8)


class BadCodeError(ProtocolError):
    """A text that is no IQRF code; the message says why, in the vendor's words where it has any."""


@frozen
class IqrfCode:
    """What a code says; None for what it does not mention.

    `channel` is the one on which the device waits to be bonded.
    """

    mid: int | None = None
    ibk: bytes | None = field(default=None, repr=False)
    hwpid: int | None = None
    channel: int | None = None


def decode(text: str) -> IqrfCode:
    """Read a code; raises BadCodeError."""
    text = text.strip()
    if not text:
        raise BadCodeError("IQRF Code cannot be empty.")
    if len(text) > MAX_LENGTH:
        raise BadCodeError(f"IQRF Code is longer than {MAX_LENGTH} characters.")
    digits = []
    for character in text:
        if character not in ALPHABET:
            raise BadCodeError(f"IQRF Code contains an invalid character: {character!a}.")
        digits.append(ALPHABET.index(character))
    if _check(digits[:-1]) != digits[-1]:
        raise BadCodeError("IQRF Code ends by an incorrect check character.")
    return _members(_nibbles(_unpacked(digits[:-1])))


def encode(code: IqrfCode) -> str:
    """The shortest code that says so."""
    nibbles = list[int]()

    def add(tag: int, value: bytes) -> None:
        nibbles.append(tag)
        for byte in value:
            nibbles.extend((byte & 0x0F, byte >> 4))

    if code.mid is not None:
        add(_MID, code.mid.to_bytes(4, "big"))
    if code.ibk is not None:
        add(_IBK, code.ibk)
    if code.hwpid is not None:
        add(_HWPID, code.hwpid.to_bytes(2, "big"))
    if code.channel is not None:
        add(_CHANNEL, bytes((code.channel,)))
    if len(nibbles) % 2:
        nibbles.append(_END)
    octets = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    digits = list(_packed(octets))
    return "".join(ALPHABET[digit] for digit in (*digits, _check(digits)))


def _check(digits: list[int]) -> int:
    """The digit that makes the weighted sum of all a multiple of the base."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = digit * (2 - place % 2)
        total += product // _BASE + product % _BASE
    return -total % _BASE


def _unpacked(digits: list[int]) -> bytes:
    whole = b""
    for start in range(0, len(digits), _PIECE):
        piece = digits[start : start + _PIECE]
        size = _LENGTHS.get(len(piece))
        if size is None:
            raise BadCodeError("IQRF Code has an incorrect length.")
        number = 0
        for digit in reversed(piece):
            number = number * _BASE + digit
        if number >= 1 << 8 * size:
            raise BadCodeError("IQRF Code contains a number that is too large.")
        whole += number.to_bytes(size, "big")
    return whole


def _packed(octets: bytes) -> Iterator[int]:
    for start in range(0, len(octets), 8):
        piece = octets[start : start + 8]
        number = int.from_bytes(piece, "big")
        for _ in range(_CHARACTERS[len(piece)]):
            number, digit = divmod(number, _BASE)
            yield digit


def _nibbles(octets: bytes) -> Iterator[int]:
    for byte in octets:
        yield byte & 0x0F
        yield byte >> 4


def _members(nibbles: Iterator[int]) -> IqrfCode:
    mid = ibk = hwpid = channel = None
    for tag in nibbles:
        if tag == _END:
            break
        if tag == _MID:
            mid = int.from_bytes(_take(nibbles, 4), "big")
        elif tag == _IBK:
            ibk = _take(nibbles, IBK_LENGTH)
        elif tag == _HWPID:
            hwpid = int.from_bytes(_take(nibbles, 2), "big")
        elif tag == _CHANNEL:
            channel = _take(nibbles, 1)[0]
        elif tag in (_DATA, _TEXT):
            # How long these are nobody says; what a device is comes before them.
            break
        elif tag != _FILLER:
            raise BadCodeError(f"IQRF Code contains an unknown tag: {tag}.")
    return IqrfCode(mid, ibk, hwpid, channel)


def _take(nibbles: Iterator[int], size: int) -> bytes:
    """The next bytes of a member."""
    taken = []
    for _ in range(size):
        low, high = next(nibbles, None), next(nibbles, None)
        if low is None or high is None:
            raise BadCodeError("IQRF Code ends within a member.")
        taken.append(low | high << 4)
    return bytes(taken)
