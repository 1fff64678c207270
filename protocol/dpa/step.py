"""A step: the transactions between which nothing else may get on the radio, as a generator.

It yields each request together with how its answer is read (`Call`), and is sent the value of
the answer, or has the DpaError thrown in that took its place. What it returns is the result.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from protocol.dpa.call import Call

T = TypeVar("T")

Step = Generator[Call[Any], Any, T]

Make = Callable[[], Step[T]]
"""Makes the step anew, for each attempt."""


def ask(call: Call[T]) -> Step[T]:
    """The step that is one transaction."""
    value: T = yield call
    return value
