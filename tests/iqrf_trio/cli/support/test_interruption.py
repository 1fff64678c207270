"""Ctrl-C waits for a checkpoint, and is told then."""

import signal

import pytest
import trio

from iqrf_trio.cli.support import interruption


async def works() -> int:
    await trio.lowlevel.checkpoint()
    return 3


def test_what_is_not_interrupted_returns() -> None:
    assert interruption.run(works) == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_never_comes_in_the_midst_of_a_step() -> None:
    done: list[str] = []

    async def work() -> None:
        signal.raise_signal(signal.SIGINT)
        done.append("the step")
        try:
            await trio.sleep_forever()
        finally:
            done.append("what is tidied up")

    with pytest.raises(KeyboardInterrupt):
        interruption.run(work)
    assert done == ["the step", "what is tidied up"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_again_ends_what_comes_to_no_checkpoint() -> None:
    async def work() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        interruption.run(work)


def test_a_failure_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise ValueError("so it is")

    with pytest.raises(ValueError, match="so it is"):
        interruption.run(work)


def test_who_ignores_ctrl_c_goes_on() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        signal.raise_signal(signal.SIGINT)
        assert interruption.run(works) == 3
    finally:
        signal.signal(signal.SIGINT, before)


async def test_in_a_thread_nothing_is_changed() -> None:
    assert await trio.to_thread.run_sync(interruption.run, works) == 3
