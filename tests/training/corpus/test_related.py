from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from random import Random

import pytest

from bachd.training.corpus import related
from bachd.training.corpus.related import group_by_tune, row_hashes


def melody(seed: int, notes: int = 40) -> list[int]:
    random = Random(seed)
    return [60 + random.randint(0, 12) for _ in range(notes)]


def related_pairs(works: Mapping[str, Sequence[Sequence[int]]]) -> list[tuple[str, str]]:
    return list(related.related_pairs({name: partial(row_hashes, lines) for name, lines in works.items()}))


def test_melodies_that_share_a_stretch_in_any_key_are_one_tune_also_through_a_third() -> None:
    first, second, other = melody(1), melody(2), melody(3)
    bridge = first[20:] + second[:20]
    found = group_by_tune({"d": [p + 5 for p in second], "c": bridge, "b": [p - 3 for p in first], "a": other})
    assert found["b"] == found["c"] == found["d"] == "b"
    assert found["a"] == "a"


def test_works_that_share_a_tenth_of_their_music_in_any_line_or_key_are_relatives() -> None:
    long, other = melody(1, 200), melody(2, 200)
    quoting = melody(3, 150) + [note + 7 for note in long[50:90]]
    glancing = melody(4, 180) + long[:20]
    works = {"long": [other, long], "quoting": [quoting], "glancing": [glancing], "short": [melody(5, 10)]}
    assert related_pairs(works) == [("long", "quoting")]


def test_a_scale_makes_no_relatives() -> None:
    scale = list(range(40, 60))
    works = {name: [scale + melody(seed, 30)] for seed, name in enumerate("abc")}
    assert related_pairs(works) == []


def test_many_copies_are_all_relatives_and_a_row_of_many_works_makes_none() -> None:
    scale = list(range(40, 60))
    copies = {f"copy-{number:03}": [melody(0, 60)] for number in range(related._HOLDERS + 9)}
    others = {f"other-{number:03}": [scale + melody(1 + number, 30)] for number in range(related._HOLDERS + 9)}
    groups = related.DisjointSets([*copies, *others])
    for pair in related_pairs(copies | others):
        groups.join(*pair)
    assert {groups.of(name) for name in copies} == {"copy-000"}
    assert len({groups.of(name) for name in others}) == len(others)


def test_a_sketch_finds_the_relatives_in_a_part_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    works = {f"work-{number:02}": [melody(number, 600)] for number in range(20)}
    works |= {
        f"like-{number:02}": [works[f"work-{number:02}"][0][:400] + melody(50 + number, 200)] for number in range(9)
    }
    exact = related_pairs(works)
    assert len(exact) == 9
    monkeypatch.setattr(related, "_MOST", 5_000)  # of 17,000 rows
    assert related_pairs(works) == exact


def test_rows_are_the_same_in_every_key_and_others_are_not() -> None:
    tune = melody(1)
    assert row_hashes([tune]).tolist() == row_hashes([[note + 5 for note in tune], []]).tolist()
    assert len(row_hashes([tune])) == len(tune) - 15
    assert not set(row_hashes([tune]).tolist()) & set(row_hashes([melody(2)]).tolist())
    assert len(row_hashes([[60, 62]])) == 1
    assert row_hashes([[60, 62]]).tolist() != row_hashes([[60, 62, 62]]).tolist()
