"""A report reaches everybody who wants it, once, in order."""

from functools import partial

from iqrf_trio.messaging.reports import Reports, Send


def test_everybody_gets_everything_in_order() -> None:
    reports = Reports()
    first: list[str] = []
    second: list[str] = []
    reports.publish("unheard")
    reports.subscribe(first.append)
    reports.publish("one")
    with reports.subscribed(second.append):
        assert len(reports) == 2
        reports.publish("two")
    reports.publish("three")
    assert first == ["one", "two", "three"]
    assert second == ["two"]
    reports.unsubscribe(first.append)
    reports.unsubscribe(first.append)
    assert len(reports) == 0


def test_nobody_gets_anything_twice() -> None:
    reports = Reports()
    heard: list[str] = []
    reports.subscribe(heard.append)
    reports.subscribe(heard.append)
    reports.publish("once")
    assert heard == ["once"]


def test_a_block_that_fails_unsubscribes() -> None:
    reports = Reports()
    try:
        with reports.subscribed(print):
            raise ZeroDivisionError
    except ZeroDivisionError:
        assert len(reports) == 0


def test_subscribers_may_come_and_go_while_a_report_is_given_out() -> None:
    reports = Reports()
    heard: list[tuple[str, str]] = []

    def hear(name: str, text: str) -> None:
        heard.append((name, text))

    late: Send = partial(hear, "late")
    victim: Send = partial(hear, "victim")

    def meddle(text: str) -> None:
        hear("meddler", text)
        reports.subscribe(late)
        reports.unsubscribe(victim)

    reports.subscribe(meddle)
    reports.subscribe(victim)
    reports.publish("one")
    assert heard == [("meddler", "one")]
    reports.publish("two")
    assert heard[1:] == [("meddler", "two"), ("late", "two")]
