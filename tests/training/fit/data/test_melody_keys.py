from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bachd.music import keys
from bachd.neural.outlook import Melody
from bachd.training.fit.data.melody_keys import suggested


@pytest.mark.parametrize("seed", range(5))
def test_keys_of_a_whole_melody_are_those_that_are_found_note_by_note(seed: int) -> None:
    random, melody = Random(seed), Melody()
    pitches = [60 + random.choice((0, 2, 4, 5, 7, 9, 11, 6)) + seed for _ in range(150)]
    ticks = [random.choice((6, 12, 24, 48, 300)) for _ in pitches]
    wanted = []
    for pitch, length in zip(pitches, ticks, strict=True):
        wanted.append([keys.ALL.index(key) for key in melody.keys(pitch)])
        melody.push(pitch, length)
    assert suggested(np.array(pitches) % 12, np.array(ticks)).tolist() == wanted


def test_no_notes_suggest_no_keys() -> None:
    assert suggested(np.zeros(0, int), np.zeros(0, int)).shape == (0, 2)
