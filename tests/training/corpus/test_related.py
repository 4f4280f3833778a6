from __future__ import annotations

from random import Random

from bachd.training.corpus.related import group_by_tune, related_pairs


def melody(seed: int, notes: int = 40) -> list[int]:
    random = Random(seed)
    return [60 + random.randint(0, 12) for _ in range(notes)]


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
    assert list(related_pairs(works)) == [("long", "quoting")]


def test_a_scale_makes_no_relatives() -> None:
    scale = list(range(40, 60))
    works = {name: [scale + melody(seed, 30)] for seed, name in enumerate("abc")}
    assert list(related_pairs(works)) == []
