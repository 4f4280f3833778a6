from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from bachd.training.fit.data.background import ahead


def test_all_come_in_their_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))


def test_a_fault_is_raised_where_its_item_is_awaited() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("damaged")

    found = ahead(broken())
    assert next(found) == 1
    with pytest.raises(OSError, match="damaged"):
        next(found)


def test_whoever_stops_asking_ends_the_thread() -> None:
    before = threading.active_count()
    found = ahead(iter(count()))
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before
