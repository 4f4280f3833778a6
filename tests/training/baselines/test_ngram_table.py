from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bachd.training.baselines import ngram_table
from bachd.training.baselines.ngram_table import EMPTY_TABLE, Table, added, pruned


def entries(table: Table) -> dict[tuple[int, int], float]:
    owners = np.repeat(table.contexts, np.diff(table.first))
    rows = zip(owners.tolist(), table.names.tolist(), table.counts.tolist(), strict=True)
    return {(context, name): count for context, name, count in rows}


def drawn(seed: int, count: int) -> tuple[ngram_table.Hashes, ngram_table.Ints]:
    rng = np.random.default_rng(seed)
    return rng.geometric(0.2, count).astype(np.uint64), rng.geometric(0.4, count)


def test_what_is_added_bit_by_bit_is_what_is_counted_at_once() -> None:
    contexts, names = drawn(1, 900)
    table = EMPTY_TABLE
    for begin in range(0, 900, 100):
        table = added(table, contexts[begin : begin + 100], names[begin : begin + 100])
    assert entries(table) == Counter(zip(contexts.tolist(), names.tolist(), strict=True))
    for one, other in zip(table, added(EMPTY_TABLE, contexts, names), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_full_table_keeps_what_is_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts, names = drawn(2, 5000)
    whole = added(EMPTY_TABLE, contexts, names)
    assert pruned(whole) is whole
    most = len(whole.names) - 1
    monkeypatch.setattr(ngram_table, "MOST", most)
    left = pruned(whole)
    assert 0 < len(left.names) <= most // 2
    kept = entries(left)
    assert kept.items() <= entries(whole).items()
    assert min(kept.values()) > max(count for entry, count in entries(whole).items() if entry not in kept)
    assert (np.diff(left.contexts.astype(np.int64)) > 0).all()
    assert (np.diff(left.first) > 0).all()
    assert added(left, contexts, names).counts.sum() == left.counts.sum() + 5000


def test_a_full_table_of_what_occurred_once_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram_table, "MOST", 8)
    left = pruned(added(EMPTY_TABLE, np.arange(9, dtype=np.uint64), np.arange(9)))
    assert entries(left) == {}
    assert entries(added(left, np.ones(1, np.uint64), np.ones(1, np.int64))) == {(1, 1): 1}
