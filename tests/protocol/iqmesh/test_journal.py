"""What is noted before parameters are set, and what the answers make of it."""

from protocol.iqmesh.journal import CHANGED, JournalEntry, amended, noted, put_back, sets
from protocol.network.parameters import DEFAULTS, Parameters

SHORT = Parameters(frc_response_time=0)


def test_what_is_changed_is_noted_as_it_is_last_known() -> None:
    assert noted(SHORT, Parameters(0x30, 1, 2, 3)) == Parameters(frc_response_time=0x30)
    assert noted(Parameters(tx_hops=1, rx_hops=1), Parameters()) == Parameters(
        rx_hops=0xFF, tx_hops=0xFF
    )


def test_the_answer_to_the_first_attempt_is_what_was_before() -> None:
    entry = JournalEntry("Ping", 1, Parameters(frc_response_time=0x10))
    answered = amended(entry, Parameters(frc_response_time=0x30), SHORT, 1)
    assert answered.before == Parameters(frc_response_time=0x30)
    assert answered.stage == CHANGED


def test_the_answer_to_a_further_attempt_may_be_what_the_first_has_set() -> None:
    entry = JournalEntry("Ping", 1, Parameters(frc_response_time=0x10))
    assert amended(entry, SHORT, SHORT, 2).before == Parameters(frc_response_time=0x10)
    # The first attempt was not heard at all.
    other = amended(entry, Parameters(frc_response_time=0x30), SHORT, 2)
    assert other.before == Parameters(frc_response_time=0x30)


def test_only_what_was_changed_is_set() -> None:
    assert len(list(sets(Parameters()))) == 0
    assert [call.request.pcmd for call in sets(DEFAULTS)] == [3, 8, 9]
    assert [call.request.pdata for call in put_back(Parameters(tx_hops=2, rx_hops=3))] == [
        bytes((2, 3))
    ]
