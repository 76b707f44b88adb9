import signal
import threading

import pytest

from audio_vae.utils.signals import Request, Stopped, handling, postponed, replaced

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers_are_restored():
    before = [signal.getsignal(number) for number in NUMBERS]
    yield
    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.mark.parametrize("number", NUMBERS)
def test_handling_calls_the_function(number):
    came = []
    with handling(NUMBERS, came.append):
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert came == [number, number]


def test_handlers_are_restored_after_an_error():
    with pytest.raises(RuntimeError, match="stop"), handling(NUMBERS, print):
        raise RuntimeError("stop")


def test_handling_can_be_nested():
    outer, inner = [], []
    with handling((signal.SIGTERM,), outer.append):
        with handling((signal.SIGTERM,), inner.append):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert (outer, inner) == ([signal.SIGTERM], [signal.SIGTERM])


def test_replaced_takes_the_systems_own_handlers():
    with replaced((signal.SIGTERM,), signal.SIG_IGN):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        signal.raise_signal(signal.SIGTERM)


def test_another_thread_sets_no_handlers():
    found = []

    def look():
        with handling(NUMBERS, print):
            found.append([signal.getsignal(number) for number in NUMBERS])

    before = [signal.getsignal(number) for number in NUMBERS]
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]


def test_a_postponed_signal_is_noted_and_only_the_first():
    with postponed() as request:
        assert request == Request(0)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert request.signal == signal.SIGTERM


def test_stopped_tells_signal_and_message():
    stopped = Stopped("Stopped by SIGTERM", signal.SIGTERM)
    assert (str(stopped), stopped.signal) == ("Stopped by SIGTERM", signal.SIGTERM)
