"""Make batches in a thread, while the step before is computed.

Law: what comes out is what went in, in its order; a fault in the thread is raised where its batch is awaited.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final, TypeVar

T = TypeVar("T")

_AHEAD: Final = 4
"""Items that are made before they are asked for."""
_PATIENCE: Final = 0.1
"""Seconds until the thread looks whether it is still wanted."""


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items that a thread takes from an iterator."""
    queue: Queue[tuple[T | None, BaseException | None]] = Queue(_AHEAD)
    unwanted = Event()

    def put(item: T | None, fault: BaseException | None = None) -> None:
        while not unwanted.is_set():
            with suppress(Full):
                queue.put((item, fault), timeout=_PATIENCE)
                return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if unwanted.is_set():
                    return
            put(None)
        except BaseException as fault:  # noqa: BLE001  it is raised in the other thread
            put(None, fault)

    thread = Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        while True:
            item, fault = queue.get()
            if fault is not None:
                raise fault
            if item is None:
                return
            yield item
    finally:
        unwanted.set()
        with suppress(Empty):
            while True:
                queue.get_nowait()
        thread.join()
