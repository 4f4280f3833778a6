from __future__ import annotations

import numpy as np
import pytest

from tests.pi.loudspeaker import RATE
from tests.pi.sound import Sound

SECOND = np.arange(RATE)
DRONE = (50 * np.sin(2 * np.pi * 110 * SECOND / RATE)).astype("<i2")
NOTE = (8000 * np.sin(2 * np.pi * 1000 * SECOND[: RATE // 30] / RATE)).astype("<i2")
ONSETS = [4800, 14000, 30000]


def _sound() -> np.ndarray:
    sound = DRONE.copy()
    for onset in ONSETS:
        sound[onset : onset + len(NOTE)] += NOTE
    return sound


@pytest.mark.parametrize("chunk", [441, 4800, RATE])
def test_it_finds_where_notes_begin_however_the_sound_is_cut(chunk: int) -> None:
    sound = Sound()
    for begin in range(0, RATE, chunk):
        sound.feed(_sound()[begin : begin + chunk])
    assert sound.begins == pytest.approx(ONSETS, abs=10)
    assert sound.gaps == []


@pytest.mark.parametrize("chunk", [441, RATE])
def test_it_finds_where_the_sound_is_missing(chunk: int) -> None:
    sound, samples = Sound(), _sound()
    samples[:1000] = 0  # it has not begun yet
    samples[20000:20256] = 0
    for begin in range(0, RATE, chunk):
        sound.feed(samples[begin : begin + chunk])
    assert sound.gaps == pytest.approx([256], abs=2)
