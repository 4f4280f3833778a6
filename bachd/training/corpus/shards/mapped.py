"""Map shards into memory, and read rows of them.

Law: a shard that is cut short, or removed before it is opened, is a fault that a person can read, never a SIGBUS.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bachd.training.corpus.model import CorpusError

_AGAIN: Final = "the same command reads its works again"


def table(file: Path) -> pa.Table:
    """Return a shard, mapped. Raises CorpusError if it is not there any more, or shorter than it was."""
    shard, size = opened(file)
    try:
        now = file.stat().st_size
    except OSError:
        return shard  # what is mapped stays there when the file is removed
    if now < size:  # to read beyond its end would end this process
        opened.cache_clear()
        raise CorpusError(f"{file} was cut short while it was read, to {now} of {size} bytes; {_AGAIN}")
    return shard


@lru_cache(256)
def opened(file: Path) -> tuple[pa.Table, int]:
    """Map a shard; returns it and its bytes. Raises CorpusError if it is not there."""
    try:
        source = pa.memory_map(str(file))
    except FileNotFoundError as fault:
        raise CorpusError(f"{file} was removed while it was needed; {_AGAIN}") from fault
    return pa.ipc.open_file(source).read_all(), source.size()


def values(file: Path, column: str, row: int) -> npt.NDArray[Any]:
    """Return a list in a row of a shard, without copying it."""
    return np.asarray(table(file).column(column).chunk(0)[row].values)
