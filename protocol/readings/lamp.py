"""What LDI (DALI) commands say of the lamp that they are for (IEC 62386-102).

A node is shown as one light. So what is meant for one of several lamps, or changes the level by
a step or a scene, leaves the light unknown.
"""

from collections.abc import Iterable, Sequence

from protocol.readings.states import LIGHT_LOST, Change, Light
from protocol.standard.light import LdiAnswer

_ALL = 0x7F
"""The upper seven bits of a command for all lamps; above 0x9F others are special commands."""
_SPECIAL = range(0xA0, 0xFE)

_IS_COMMAND = 0x0100
"""The bit that tells a command from an arc power level."""

_STAY = 255
"""As a level: stay as you are. As an answer: not known."""

_OFF, _RECALL_MAX, _QUERY_LEVEL = 0x00, 0x05, 0xA0
_FULL = 254
_MOVING = frozenset({*range(0x01, 0x05), 0x06, 0x07, 0x08, 0x0A, *range(0x10, 0x21)})
"""Steps, fading, scenes and the reset: they end at levels that only the lamp knows."""


def after_commands(commands: Sequence[int], answers: Iterable[LdiAnswer] | None) -> Change | None:
    """What commands say of a light that has carried them out; None where they say nothing.

    `answers` are those of the lamps in the order of the commands, as many as there are, or None
    where nobody knows whether the commands were carried out.
    """
    if answers is None:
        return LIGHT_LOST if any(_level(each, None) is not None for each in commands) else None
    known = list(answers)
    change = None
    for number, command in enumerate(commands):
        answer = known[number] if number < len(known) else None
        level = _level(command, answer)
        if level is not None:
            change = LIGHT_LOST if level < 0 else Change(light=Light.of_level(level))
    return change


def _level(command: int, answer: LdiAnswer | None) -> int | None:
    """The level after a command, -1 where only the lamp knows it, None where it stays."""
    address, code = command >> 8, command & 0xFF
    if address in _SPECIAL:
        return None
    if not command & _IS_COMMAND:
        level = None if code == _STAY else code
    elif code == _QUERY_LEVEL and answer and answer.answered and answer.value != _STAY:
        level = answer.value
    else:
        level = -1 if code in _MOVING else {_OFF: 0, _RECALL_MAX: _FULL}.get(code)
    return level if level is None or address >> 1 == _ALL else -1
