"""The limits of API Gateway on this machine; tests/test_end_to_end.py sees them through sockets."""

import functools
import threading
import time

import pytest
from local_app import wait_for

from local import gateway
from local.admission import Admission, BusyError, Limits
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


def in_place(limits=(1, 0.05, 100)):
    """An admission with one place, which is taken; and how to leave that."""
    admission, free = Admission(Limits(*limits)), threading.Event()
    holder = threading.Thread(target=admission.admit(free.wait, 0))
    holder.start()

    def leave():
        free.set()
        holder.join()

    return admission, leave


def waiter(admission, work, size_bytes):
    """Wait for a place in a thread of its own, and do the work there."""

    def wait():
        admission.admit(work, size_bytes)()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_work_without_a_place_waits_and_is_then_refused():
    admission, leave = in_place()
    with pytest.raises(BusyError):
        admission.admit(lambda: "refused", 1)
    leave()
    assert admission.admit(lambda: "done", 1)() == "done"


def test_a_place_is_free_again_after_work_that_fails():
    admission = Admission(Limits(1, 0.05, 0))
    with pytest.raises(ZeroDivisionError):
        admission.admit(lambda: 1 / 0, 0)()
    assert admission.admit(lambda: "done", 0)() == "done"


def test_what_finds_the_line_full_is_refused_at_once():
    admission, leave = in_place((1, 60, 100))
    waiting = waiter(admission, list, 60)
    assert wait_for(lambda: admission.waiting_bytes == 60)
    began = time.monotonic()
    with pytest.raises(BusyError):
        admission.admit(list, 41)
    assert time.monotonic() - began < 30
    leave()
    waiting.join()


def test_who_came_first_is_first():
    admission, leave = in_place((1, 60, 100))
    order, threads = [], []
    for number in range(3):
        threads.append(waiter(admission, functools.partial(order.append, number), 10))
        wait_for(lambda number=number: admission.waiting_bytes == 10 * (number + 1))
    leave()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2]
