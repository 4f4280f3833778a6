"""Which works are learned from, and which are kept back."""

from __future__ import annotations

from collections import Counter

import pytest

from bachd.training.corpus.model import CorpusError
from bachd.training.corpus.split import assign, hash_split


def counted(count: int) -> Counter[str]:
    """How many of so many unrelated works are on each side."""
    places, _ = assign([f"piece-{number}" for number in range(count)], [], {})
    return Counter(side for _, side in places.values())


@pytest.mark.parametrize("count", range(3, 60))
def test_of_few_works_most_are_learned_from(count: int) -> None:
    sides = counted(count)
    assert 1 <= sides["valid"] <= max(1, count // 6)
    assert 1 <= sides["test"] <= max(1, count // 6)


def test_of_many_works_the_hash_alone_decides_so_that_another_work_moves_none() -> None:
    names = [f"piece-{number}" for number in range(400)]
    places, _ = assign(names, [], {})
    assert {name: side for name, (_, side) in places.items()} == {name: hash_split(name) for name in names}
    sides = Counter(side for _, side in places.values())
    assert sides["train"] == pytest.approx(320, abs=30)
    assert sides["valid"] == pytest.approx(40, abs=20)


def test_works_that_are_linked_through_a_third_are_on_one_side() -> None:
    names = [f"piece-{number}" for number in range(30)]
    places, dropped = assign(names, [("piece-7", "piece-20"), ("piece-20", "piece-3")], {})
    assert places["piece-7"] == places["piece-20"] == places["piece-3"]
    assert places["piece-7"][0] == "piece-20"
    assert not dropped


def test_what_is_decided_stays_and_pulls_its_relatives_along() -> None:
    names = [f"piece-{number}" for number in range(12)]
    told = dict.fromkeys(names[:5], "test")
    places, dropped = assign(names, [("piece-0", "piece-9")], told)
    assert all(places[name][1] == "test" for name in (*told, "piece-9"))
    assert Counter(side for _, side in places.values())["test"] == 6, "what was decided leaves nothing for chance"
    assert not dropped


def test_a_relative_of_a_held_out_work_is_not_learned_from() -> None:
    told = {"a": "train", "b": "test", "c": "valid"}
    places, dropped = assign("abcd", [("a", "b")], told)
    assert dropped == {"a": "shares music with b, which is held out"}
    assert {name: side for name, (_, side) in places.items()} == {"b": "test", "c": "valid", "d": "train"}


def test_a_side_that_nobody_is_left_for_is_named() -> None:
    with pytest.raises(CorpusError, match="no work is on the side 'valid'"):
        assign("abc", [], {"a": "train", "b": "train", "c": "test"})
    with pytest.raises(CorpusError, match="too small to split: 1 works"):
        assign("ab", [("a", "b")], {})
