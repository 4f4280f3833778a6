from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.corpus import SPLITS, Chorale, CorpusError, _assemble, _tunes


def melody(seed: int, notes: int = 40) -> list[int]:
    random = Random(seed)
    return [60 + random.randint(0, 12) for _ in range(notes)]


def row(name: str, tune: list[int]) -> dict[str, object]:
    return {"name": name, "events": "C4 D4:2", "changes": [(0, 4, 4)], "upbeat": 24, "melody": tune, "title": ""}


def test_melodies_that_share_a_stretch_in_any_key_are_one_tune_also_through_a_third() -> None:
    first, second, other = melody(1), melody(2), melody(3)
    bridge = first[20:] + second[:20]
    tunes = _tunes({"d": [p + 5 for p in second], "c": bridge, "b": [p - 3 for p in first], "a": other})
    assert tunes["b"] == tunes["c"] == tunes["d"] == "b"
    assert tunes["a"] == "a"


def test_a_tune_stays_on_one_side_of_the_split_whoever_else_is_there() -> None:
    rows = [row(f"bwv{number}", melody(number // 3)) for number in range(300)]
    whole = _assemble(rows)
    sides: dict[str, set[str]] = {}
    for chorale in whole.chorales:
        sides.setdefault(chorale.tune, set()).add(chorale.split)
    assert all(len(side) == 1 for side in sides.values())
    assert {split: bool(whole.pieces(split)) for split in SPLITS} == dict.fromkeys(SPLITS, True)

    def by_name(chorales: tuple[Chorale, ...]) -> dict[str, str]:
        return {chorale.piece.name: chorale.split for chorale in chorales}

    shuffled = list(rows[:150])
    Random(0).shuffle(shuffled)
    again = by_name(_assemble(shuffled).chorales)
    assert again.items() <= by_name(whole.chorales).items()


def test_what_is_left_out_is_named_with_its_reason() -> None:
    corpus = _assemble([row("bwv1", melody(1)), {"name": "bwv2", "dropped": "5 parts instead of 4"}])
    assert corpus.dropped == (("bwv2", "5 parts instead of 4"),)
    with pytest.raises(CorpusError, match="reinstall"):
        _assemble([{"name": "bwv2", "dropped": "no notes"}])
