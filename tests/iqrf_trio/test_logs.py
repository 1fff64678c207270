"""What stands on stderr: lines with level and area, no secrets, no floods."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from iqrf_trio import logs
from iqrf_trio.logs.repetition import OTHERS, PEERS, REMEMBERED

TOKEN = "iqrfgd2;7;" + "Ab+/" * 10 + "Abc="


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger(logs.AREA_ROOT)
    handlers, levels = root.handlers[:], (root.level, ours.level)
    # basicConfig(force=True) closes the handlers it replaces; pytest's own must survive.
    root.handlers[:] = []
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def started(level: str = "info", *, as_json: bool = False) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logs.start(level, as_json=as_json, stream=stream, environment={})
    return logging.getLogger("iqrf_trio.session"), stream


def say(
    text: str,
    at: float,
    name: str = "iqrf_trio.port",
    level: int = logging.WARNING,
    peer: str | None = None,
) -> None:
    """Log `text` as if the clock showed `at` seconds."""
    record = logging.LogRecord(name, level, "", 0, text, None, None)
    record.created = at
    if peer is not None:
        record.peer = peer
    logging.getLogger(name).handle(record)


def finished(stream: TextIO) -> list[str]:
    """What the log has written once it is closed."""
    for handler in logging.getLogger().handlers:
        handler.close()
    stream.seek(0)
    return stream.read().splitlines()


def test_a_line_on_a_terminal_has_time_level_and_area() -> None:
    log, stream = started()
    log.warning("client %d left", 3)
    (line,) = finished(stream)
    day, _, rest = line.split(" ", 2)
    assert day.count("-") == 2
    assert rest == "WARNING session: client 3 left"


@pytest.mark.parametrize(
    ("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_levels(level: str, heard: int) -> None:
    log, stream = started(level)
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(number, "at %d", number)
    assert len(finished(stream)) == heard


def test_other_libraries_are_heard_from_warnings_on() -> None:
    _, stream = started("debug")
    logging.getLogger("trio-websocket").info("handshake")
    logging.getLogger("trio-websocket").warning("odd")
    (line,) = finished(stream)
    assert line.endswith("WARNING trio-websocket: odd")


def test_starting_again_does_not_double_the_lines() -> None:
    started()
    log, stream = started()
    log.info("once")
    assert len(finished(stream)) == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_secrets_of_tokens_never_stand_in_the_log(as_json: bool) -> None:
    log, stream = started(as_json=as_json)
    log.info("first message: %s", f'{{"type":"auth","token":"{TOKEN}"}}')
    try:
        raise ValueError(TOKEN)
    except ValueError:
        log.exception("failed with %s twice %s", TOKEN, TOKEN)
    text = "\n".join(finished(stream))
    assert "Ab+/" not in text
    assert text.count("iqrfgd2;7;...") == 4


def test_in_the_journal_every_line_has_its_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        logs.start("debug", stream=stream)
        log = logging.getLogger("iqrf_trio.port")
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            log.log(number, "level %d", number)
        log.error("two", exc_info=ValueError("of\nits lines"))
        assert finished(stream) == [
            "<7>port: level 10",
            "<6>port: level 20",
            "<4>port: level 30",
            "<3>port: level 40",
            "<3>port: two",
            "<3>  ValueError: of",
            "<3>  its lines",
        ]


def test_a_stderr_that_is_not_the_journal_has_no_prefixes(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w+") as stream:
        logs.start("info", stream=stream, environment={"JOURNAL_STREAM": "1:2"})
        logging.getLogger("iqrf_trio.port").info("open")
        assert finished(stream)[0].endswith("INFO    port: open")


def test_json_lines() -> None:
    log, stream = started(as_json=True)
    log.error('a "quoted" µg')
    (line,) = finished(stream)
    message = json.loads(line)
    assert message.pop("time").endswith("Z")
    assert message == {"level": "error", "area": "session", "message": 'a "quoted" µg'}


def test_a_message_that_repeats_is_counted() -> None:
    _, stream = started(as_json=True)
    for second in range(10):
        say("no answer", 100 + second)
    say("no answer", 200)
    assert texts(stream) == ["no answer", "no answer (9 more times)", "no answer"]


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    _, stream = started(as_json=True)
    for second in (10_000, 100, 200):
        say("no answer", second)
    assert texts(stream) == ["no answer"] * 3


def test_messages_that_take_turns_are_counted_each() -> None:
    _, stream = started(as_json=True)
    for second in range(4):
        say("lost", 100 + second)
        say("opening again", 100.5 + second)
    assert texts(stream) == [
        "lost",
        "opening again",
        "lost (3 more times)",
        "opening again (3 more times)",
    ]


def test_slow_repetitions_are_all_written() -> None:
    _, stream = started(as_json=True)
    for minute in range(3):
        say("no answer", 60 * minute)
    assert texts(stream) == ["no answer"] * 3


def test_the_same_words_of_another_area_or_level_are_another_message() -> None:
    _, stream = started(as_json=True)
    say("closed", 1)
    say("closed", 1, name="iqrf_trio.session")
    say("closed", 1, level=logging.ERROR)
    assert texts(stream) == ["closed"] * 3


def test_debug_lines_are_all_written() -> None:
    _, stream = started("debug", as_json=True)
    for _ in range(3):
        say("frame", 1, level=logging.DEBUG)
    assert texts(stream) == ["frame"] * 3


def test_only_a_few_messages_are_remembered() -> None:
    _, stream = started(as_json=True)
    say("first", 1)
    say("first", 1)
    for number in range(REMEMBERED):
        say(str(number), 1)
    assert "first (1 more times)" in stream.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "character",
    [
        *("\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\x9b", "\xad", "\u2028", "\u2029"),
        *("\u200b", "\u202e", "\u2066", "\ufeff", "\ud800", "\udfff", "\v", "\f", "\x1c"),
    ],
    ids=ascii,
)
def test_what_others_send_is_one_line_without_control_characters(
    character: str, as_json: bool
) -> None:
    log, stream = started(as_json=as_json)
    forged = f"x{character}2026-01-01 00:00:00.000 ERROR   daemon: stopped"
    log.info("mType %s", forged)
    log.info("%s", forged, exc_info=ValueError(forged))
    lines = finished(stream)
    text = "\n".join(lines)
    assert character == "\n" or character not in text
    assert ascii(character)[1:-1] in (text if not as_json else json.loads(lines[0])["message"])
    if as_json:
        assert len(lines) == 2
    else:
        assert len([line for line in lines if not line.startswith("  ")]) == 2


def test_other_writing_stays_as_it_is() -> None:
    log, stream = started()
    log.info('teplota 21 °C, \u6e29\u5ea6, \U0001f321 \\ "quoted"')
    assert finished(stream)[0].endswith('teplota 21 °C, \u6e29\u5ea6, \U0001f321 \\ "quoted"')


def test_a_peer_has_one_line_a_minute_whatever_it_causes() -> None:
    _, stream = started(as_json=True)
    for number in range(300):
        port = 1000 + number
        say(f"192.0.2.1:{port}: refused, {number}", 100 + number / 10, peer=f"192.0.2.1:{port}")
    say("[2001:db8::1]:5: refused", 130, peer="[2001:db8::1]:5")
    say("ready", 131)
    say("192.0.2.1:7: refused", 161, peer="192.0.2.1:7")
    assert texts(stream) == [
        "192.0.2.1:1000: refused, 0",
        "[2001:db8::1]:5: refused",
        "ready",
        "192.0.2.1: 299 more messages within a minute",
        "192.0.2.1:7: refused",
    ]


def test_what_a_peer_caused_last_is_counted_at_the_end() -> None:
    _, stream = started(as_json=True)
    for second in (1, 2):
        say("refused", second, peer="192.0.2.1:1000")
    assert texts(stream) == ["refused", "192.0.2.1: 1 more messages within a minute"]


def test_many_addresses_share_a_line() -> None:
    _, stream = started(as_json=True)
    for number in range(10 * PEERS):
        say(f"refused {number}", 1, peer=f"[2001:db8:{number:x}::1]:1000")
    said = texts(stream)
    assert len(said) == PEERS + 2
    assert said[-1] == f"{OTHERS}: {9 * PEERS - 1} more messages within a minute"


def texts(stream: TextIO) -> list[str]:
    return [json.loads(line)["message"] for line in finished(stream)]


def test_tracebacks_that_a_peer_causes_are_counted_too() -> None:
    log, stream = started(as_json=True)
    for port in range(5):
        log.error("failed", exc_info=ValueError("bug"), extra={"peer": f"192.0.2.1:{port}"})
    said = texts(stream)
    assert len(said) == 2
    assert said[1] == "192.0.2.1: 4 more messages within a minute"
