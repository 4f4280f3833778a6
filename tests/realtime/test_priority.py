from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bachd.realtime import priority


def test_functions_are_called_in_order_and_not_before_their_moment() -> None:
    called: list[float] = []
    moment = time.monotonic() + 0.01
    then = priority.punctually(moment, [lambda: called.append(time.monotonic()), lambda: called.append(0.0)])
    assert moment <= then <= called[0]
    assert called[1:] == [0.0]


def test_a_moment_that_is_past_is_not_waited_for() -> None:
    moment = time.monotonic() - 5.0
    assert priority.punctually(moment, []) > moment


def test_memory_is_locked_only_where_the_limit_leaves_room() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 20, before[1]))
    try:
        assert not priority.lock_memory()
    finally:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, before)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is nothing to ask for")
def test_what_a_thread_that_comes_first_starts_does_not_come_first() -> None:
    def child() -> int:
        told = subprocess.check_output([sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"])
        return int(told)

    def policy() -> int:
        return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK

    def try_it() -> list[int]:
        with priority.coming_first():
            first = [policy()]
            thread = threading.Thread(target=lambda: first.append(policy()))
            thread.start()
            thread.join()
            first.append(child())
        return [*first, policy()]

    with ThreadPoolExecutor(1) as thread:
        if not thread.submit(priority.come_first).result():
            pytest.skip("no real-time priority here")
        assert thread.submit(try_it).result() == [os.SCHED_FIFO, os.SCHED_OTHER, os.SCHED_OTHER, os.SCHED_OTHER]
