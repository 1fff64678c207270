"""What is stored as JSON can be given out again; what could not is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.store import json_text
from iqrf_trio.store.errors import StoreError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(JSON)
def test_json_round_trips(value: object) -> None:
    assert json_text.load(json_text.dump(value)) == value


def test_nesting_has_a_limit() -> None:
    nested: object = []
    for _ in range(json_text.MAX_DEPTH - 1):
        nested = {"deeper": nested}
    assert json_text.load(json_text.dump(nested)) == nested
    with pytest.raises(StoreError, match="100 levels"):
        json_text.dump([nested])
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(StoreError, match="100 levels"):
        json_text.dump(nested)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {"a": object()}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(StoreError, match="cannot be stored"):
        json_text.dump(value)
