"""Members of PDATA that only one or two messages have."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

from protocol.api.dpa.codecs import (
    Codec,
    Taken,
    each,
    many,
    never_told,
    numbers_in_words,
    plain,
    taken,
    told,
    within,
)
from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.inputs_outputs import Temperature
from protocol.standard import binary_output, light
from protocol.strict.checks import Range
from protocol.strict.errors import MemberError
from protocol.strict.json import JsonObject, an_object, boolean, integer, number, string
from protocol.strict.shape import Unit

# Temperature and voltage.

_SUPPLY_NUMERATOR, _SUPPLY_LIMIT = 261.12, 127


def _take_celsius(data: bytes) -> Taken:
    head, left = taken(data, 3)
    celsius = Temperature.decode(head).celsius
    if celsius is None:
        raise BadResponseError("there is no thermometer")
    return plain(celsius), left


def _take_supply(data: bytes) -> Taken:
    (code,), left = taken(data, 1)
    if code == _SUPPLY_LIMIT:
        raise BadResponseError(f"{code} is the code of no supply voltage")
    return _SUPPLY_NUMERATOR / (_SUPPLY_LIMIT - code), left


def _put_volts(volts: float) -> bytes:
    if not 0 <= volts <= light.MAX_MILLIVOLTS / 1000:
        raise MemberError(f"must be 0 to 10, not {volts}")
    return round(volts * 1000).to_bytes(2, "little")  # 1.001 * 1000 is a little less than 1001


def _take_volts(data: bytes) -> Taken:
    head, left = taken(data, 2)
    return plain(int.from_bytes(head, "little") / 1000), left


# Outputs.


class Switched(TypedDict):
    """An output and what it becomes."""

    index: Annotated[int, Range(0, 31), "which output"]
    state: Annotated[bool, "on or off"]
    time: NotRequired[
        Annotated[int, "on for so long: 1 to 127, or whole minutes up to 127", Unit("s")]
    ]


def _read_output(value: object) -> JsonObject:
    given: JsonObject = an_object(value)
    for name in ("index", "state"):
        if name not in given:
            raise MemberError(f"required member {name!r} is missing")
    read = {"index": integer, "state": boolean, "time": integer}
    return {
        name: within(f".{name}", check, given[name])
        for name, check in read.items()
        if name in given
    }


def _put_outputs(values: list[Mapping[str, Any]]) -> bytes:
    states: dict[int, binary_output.State] = {}
    for at, value in enumerate(values):
        index, time = value["index"], value.get("time")
        within(f"[{at}].index", Range(0, binary_output.MAX_OUTPUTS - 1), index)
        if index in states:
            raise MemberError(f"output {index} is named twice")
        states[index] = binary_output.State(value["state"], time)
    return binary_output.encode_settings(states)


def _take_flags(data: bytes) -> Taken:
    head, left = taken(data, 4)
    return list(binary_output.SET_OUTPUT.decode(head)), left


def _outputs_on(states: list[bool]) -> str:
    return f"{numbers_in_words(index for index, on in enumerate(states) if on)} on"


# Commands of lamps.


def _put_ldi(values: list[int]) -> bytes:
    if not values:
        raise MemberError("must have at least 1 item")
    return light.encode_ldi(values)


# Batches.


class Batched(TypedDict):
    """A request within a batch, in hexadecimal digits."""

    pnum: Annotated[str, "peripheral, two digits"]
    pcmd: Annotated[str, "command, two digits"]
    hwpid: NotRequired[Annotated[str, "hardware profile, four digits; 0000 if it is missing"]]
    rdata: NotRequired[Annotated[str, "data, bytes separated by dots"]]


_DIGITS = {
    "pnum": r"[0-9A-Fa-f]{2}",
    "pcmd": r"[0-9A-Fa-f]{2}",
    "hwpid": r"[0-9A-Fa-f]{4}",
    "rdata": r"[0-9A-Fa-f]{2}(\.[0-9A-Fa-f]{2})*\.?",
}


def _read_batched(value: object) -> JsonObject:
    given: JsonObject = an_object(value)
    return {name: within(f".{name}", string, given[name]) for name in _DIGITS if name in given}


def _put_batched(request: Mapping[str, str]) -> bytes:
    for name in ("pnum", "pcmd"):
        if name not in request:
            raise MemberError(f"{name} must be there")
    for name, digits in request.items():
        if not re.fullmatch(_DIGITS[name], digits):
            raise MemberError(f"{name} {digits[:40]!r} is not in hexadecimal digits")
    head = bytes.fromhex(request["pnum"] + request["pcmd"])
    # The value is written in its digits, and sent low byte first.
    hwpid = bytes.fromhex(request.get("hwpid", "0000"))[::-1]
    record = head + hwpid + bytes.fromhex(request.get("rdata", "").replace(".", ""))
    return bytes((len(record) + 1,)) + record


def _put_batch(requests: list[Mapping[str, str]]) -> bytes:
    if not requests:
        raise MemberError("must have at least 1 item")
    if len(requests) > 56:
        raise MemberError(f"{len(requests)} requests do not fit")
    return b"".join(each(_put_batched, requests)) + b"\0"


CODECS: Mapping[str, Codec] = {
    "celsius": told(float, _take_celsius),
    "supply": told(float, _take_supply, "{:.2f}".format),
    "volts": Codec(float, number, _put_volts, _take_volts),
    "outputs": Codec(tuple[Switched, ...], many(_read_output), _put_outputs, never_told, absent=[]),
    "flags32": told(list[bool], _take_flags, _outputs_on),
    "ldi": Codec(
        tuple[Annotated[int, Range(0, 0xFFFF)], ...],
        many(integer),
        _put_ldi,
        never_told,
        absent=[],
    ),
    "batch": Codec(tuple[Batched, ...], many(_read_batched), _put_batch, never_told, absent=[]),
}
