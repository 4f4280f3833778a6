from __future__ import annotations

from random import Random

from bachd.training.kinship import tunes


def melody(seed: int, notes: int = 40) -> list[int]:
    random = Random(seed)
    return [60 + random.randint(0, 12) for _ in range(notes)]


def test_melodies_that_share_a_stretch_in_any_key_are_one_tune_also_through_a_third() -> None:
    first, second, other = melody(1), melody(2), melody(3)
    bridge = first[20:] + second[:20]
    found = tunes({"d": [p + 5 for p in second], "c": bridge, "b": [p - 3 for p in first], "a": other})
    assert found["b"] == found["c"] == found["d"] == "b"
    assert found["a"] == "a"
