import pytest

from protocol.dpa.replay import COLUMNS, records, replay

HEAD = "\t".join(COLUMNS)
LED = "01.00.06.01.ff.ff"
CONFIRMED = "01.00.06.01.ff.ff.ff.3b.01.04.01"
DONE = "01.00.06.81.02.00.00.4b"
LOCAL, ANSWER = "00.00.00.00.ff.ff", "00.00.00.80.00.00.00.a7.1e.08"
BROADCAST, SENT = "ff.00.06.01.ff.ff", "ff.00.06.01.ff.ff.ff.3b.01.04.00"


def row(request: str, confirmation: str, response: str, *times: str) -> str:
    confirmed, responded = times
    return "\t".join(("made up", confirmed, responded, request, confirmation, response))


@pytest.mark.parametrize(
    ("text", "patience"),
    [
        (row(LOCAL, "", ANSWER, "", "46.0"), False),
        (row(LED, CONFIRMED, DONE, "35.0", "160"), False),
        (row(LED, CONFIRMED, DONE, "35.0", "-7"), False),
        (row(LED, CONFIRMED, DONE, "632", "201"), False),  # one of the two was edited
        (row(LED, CONFIRMED, DONE, "35", "900"), True),
        (row(LED, CONFIRMED, "", "35", ""), False),  # given up
        (row(LED, "", "", "", ""), False),
        (row(BROADCAST, SENT, "", "35", ""), False),
        (row(LOCAL, "", "00.00.00.80.00.00.05.a7", "", "46.0"), False),  # an error
    ],
)
def test_what_went_well_goes_well_again(text: str, patience: bool) -> None:
    (recorded,) = records([HEAD + "\n", text + "\n"])
    verdict = replay(recorded)
    assert verdict.faults == ()
    assert verdict.patience is patience


@pytest.mark.parametrize(
    ("confirmed", "responded", "early"),
    [("35", "160", False), ("35", "136", False), ("35", "60", True), ("632", "201", False)],
)
def test_an_answer_before_the_model_is_told(confirmed: str, responded: str, early: bool) -> None:
    (recorded,) = records([HEAD, row(LED, CONFIRMED, DONE, confirmed, responded)])
    verdict = replay(recorded)
    assert verdict.faults == ()
    assert verdict.early is early


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (row(LED, "", DONE[:-3], "", "1"), "at least 8 bytes"),
        (row(DONE, "", "", "", ""), "the request is none"),
        (row(LOCAL, "", DONE, "", "1"), "ended with ERROR_TIMEOUT, not ok"),
        (row("01.02.06.01.ff.ff", "", "", "", ""), ""),
    ],
)
def test_what_cannot_be_is_told(text: str, fault: str) -> None:
    (recorded,) = records([HEAD, text])
    faults = replay(recorded).faults
    assert faults
    assert fault in faults[0]


@pytest.mark.parametrize("text", ["", "a\tb", "request\tresponse"])
def test_a_table_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="t_conf_ms"):
        list(records([text]))


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        list(records([HEAD, "one\ttwo"]))
