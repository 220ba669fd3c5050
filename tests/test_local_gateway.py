"""The limits of API Gateway on this machine; tests/test_end_to_end.py sees them through sockets."""

import threading

import pytest

from local import gateway
from local.admission import Admission, BusyError
from local.rate_limit import TokenBucket


def test_work_that_takes_too_long_is_given_up():
    with pytest.raises(TimeoutError):
        gateway.within(0.01, threading.Event().wait)
    assert gateway.within(60, lambda: "done") == "done"


def test_the_token_bucket_lets_a_burst_through_and_then_the_rate():
    now = [0.0]
    bucket = TokenBucket(rate=0.5, burst=3, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 2]
    now[0] = 2.0
    assert [bucket.take(), bucket.take()] == [0, 2]


def test_work_without_a_place_waits_and_is_then_refused():
    admission, free, started = Admission(1, 0.05), threading.Event(), threading.Event()
    holder = threading.Thread(target=admission.run, args=(lambda: (started.set(), free.wait()),))
    holder.start()
    assert started.wait(60)
    with pytest.raises(BusyError):
        admission.run(lambda: "refused")
    free.set()
    holder.join()
    assert admission.run(lambda: "done") == "done"


def test_a_place_is_free_again_after_work_that_fails():
    admission = Admission(1, 0.05)
    with pytest.raises(ZeroDivisionError):
        admission.run(lambda: 1 / 0)
    assert admission.run(lambda: "done") == "done"
