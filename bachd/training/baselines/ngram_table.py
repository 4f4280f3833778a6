"""Count what followed which contexts, in tables as arrays.

Law: a table is a value, of at most MOST entries; those that are dropped occurred least often.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

MOST: Final = 1 << 20
"""Entries of a table, of some 30 bytes: twice as many as 100,000 events of music for keyboards have."""

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]


class Table(NamedTuple):
    """Counts of what followed the contexts of one length."""

    contexts: Hashes
    """Ascending."""
    first: Ints
    """Index of each context's first entry; one more at the end."""
    names: Ints
    """By entry: what followed."""
    counts: Floats
    """By entry: how often."""


EMPTY_TABLE: Final = Table(np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0))


def added(table: Table, contexts: Hashes, names: Ints) -> Table:
    """Return a table to which what followed some contexts has been added."""
    counts = np.concatenate([table.counts, np.ones(len(names))])
    contexts = np.concatenate([np.repeat(table.contexts, np.diff(table.first)), contexts])
    names = np.concatenate([table.names, names])
    order = np.lexsort((names, contexts))
    contexts, names, counts = contexts[order], names[order], counts[order]
    new_context = np.ones(len(order), bool)
    new_context[1:] = contexts[1:] != contexts[:-1]
    new = new_context.copy()
    new[1:] |= names[1:] != names[:-1]
    at = np.flatnonzero(new)
    first = np.append(np.flatnonzero(new_context[at]), len(at))
    return Table(contexts[new_context], first, names[at], np.add.reduceat(counts, at) if len(at) else counts)


def pruned(table: Table) -> Table:
    """Return a table without its rarest entries, half as large as one may be, if it is larger than that."""
    if len(table.names) <= MOST:
        return table
    rarest = np.partition(table.counts, -MOST // 2)[-MOST // 2]
    kept = np.flatnonzero(table.counts > rarest)
    owners = np.repeat(np.arange(len(table.contexts)), np.diff(table.first))[kept]
    begins = np.flatnonzero(np.append(True, owners[1:] != owners[:-1])) if len(owners) else np.zeros(0, int)
    first = np.append(begins, len(kept))
    return Table(table.contexts[owners[begins]], first, table.names[kept], table.counts[kept])


def mixed(values: Hashes) -> Hashes:
    """Numbers as good as random, the same for equal values (SplitMix64: Steele, Lea and Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
