"""Show a progress bar for what takes time.

Law: on a terminal it is one bar that moves; in a pipe it is a line every half minute.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sized
from contextlib import suppress
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(
    items: Iterable[T], title: str, *, total: int | None = None, initial: int = 0, unit: str = "it"
) -> tqdm[T]:
    """Iterate over `items` and show on stderr how far it has come, with an estimate of the time left.

    `items` may be () and the bar be moved by its `update`. Shows nothing where there is nothing to count.
    """
    interval = 0.2 if sys.stderr.isatty() else 30.0
    return tqdm(
        items,
        title,
        total,
        initial=initial,
        unit=unit,
        mininterval=interval,
        maxinterval=interval,
        file=_Lenient(sys.stderr),
        disable=isinstance(items, Sized) and not items and not total,
    )


class _Lenient:
    """A stream whose other end may close: training does not end with the terminal it was started in."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
