"""What is said of messages that are published, but not answered here."""

import pytest

from protocol.api.errors import MESSAGE_ERROR, UnsupportedTypeError
from protocol.api.published import PUBLISHED, instead_of
from protocol.api.registry import REGISTRY, UNASKED, not_answered, row_of


def test_each_answered_message_is_published_or_has_the_prefix_of_our_own() -> None:
    ours = {*REGISTRY, *UNASKED, MESSAGE_ERROR} - PUBLISHED
    # The service mode API is known by its description alone: no schema of it is published.
    assert all(mtype.startswith(("iqrfTrio_", "mngService_")) for mtype in ours), ours
    assert len(PUBLISHED) == 159


@pytest.mark.parametrize(
    ("mtype", "known"),
    [
        ("infoDaemon_Reset", "; use iqrfDb_Reset"),
        ("infoDaemon_GetNodes", "; use iqrfDb_GetDevices"),
        ("cfgDaemon_Component", "; use the configuration file and a reload"),
        ("iqmeshNetwork_OtaUpload", ""),
    ],
)
def test_a_known_message_that_is_not_answered(mtype: str, known: str) -> None:
    with pytest.raises(UnsupportedTypeError) as refused:
        row_of(mtype)
    assert str(refused.value) == (
        f"Unsupported message type: {mtype}; a known message, not answered by this gateway{known}"
    )


def test_an_answered_message_and_no_message_are_no_such_thing() -> None:
    assert not_answered("iqrfRaw") == not_answered("nope") == ""


def test_what_is_to_be_used_instead_is_answered() -> None:
    for mtype in PUBLISHED:
        instead = instead_of(mtype)
        for word in instead.replace(",", " ").split():
            if "_" in word and "*" not in word:
                assert word in REGISTRY, word
