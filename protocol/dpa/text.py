"""How things in frames are written for people."""

from collections.abc import Iterable


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in ascending order, neighbours as a range: `1-3 7`."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in found)
