from __future__ import annotations

import time

from bachd.midi import priority


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
