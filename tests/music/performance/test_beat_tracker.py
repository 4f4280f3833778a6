"""The beat of melodies that are played as people play: at their own tempo, which changes, and not quite evenly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from bachd.music.performance.beat_tracker import BEAT, BeatTracker
from bachd.neural.bundle.bundle import Bundle

EXPECTED = 84.0


def onsets(bundle: str, number: int) -> list[int]:
    """Sixteenths at which a note of the top line begins, from one that is on a beat."""
    opened = Bundle.open(bundle)
    tick, found = 0, []
    for event in opened.seed(opened.seed_names[number]).events:
        if event.starts and max(event.starts) == max((*event.starts, *event.held)):
            found.append(tick // 6)
        tick += event.ticks
    first = next(place for place in found if place % BEAT == 0)
    return [place - first for place in found if place >= first]


def performed(places: Sequence[int], bpm: float, rng: Random) -> Iterator[float]:
    """When each is played: the tempo goes up and down by 7 %, and a note is 12 ms early or late."""
    moment, before = 0.0, 0
    for place in places:
        for step in range(before, place):
            moment += 15 / (bpm * (1 + 0.07 * math.sin(step / 20)))
        before = place
        yield moment + rng.gauss(0, 0.012)


def on_the_beat(bundle: str, bpm: float, tempo: float = EXPECTED) -> float:
    """How many notes are where they are in their beat, of those after the first eight of eight pieces."""
    right = total = 0
    for number in range(8):
        tracker, places = BeatTracker(tempo), onsets(bundle, number)
        for at, (place, moment) in enumerate(zip(places, performed(places, bpm, Random(number)), strict=True)):
            tracker.strike(moment)
            if at >= 8:
                total += 1
                right += (tracker.place - place) % BEAT == 0
    return right / total


@pytest.mark.parametrize(("bpm", "expected"), [(60, 84), (76, 84), (96, 84), (112, 100), (60, 60), (72, 100)])
def test_the_beat_of_a_chorale_is_found_at_another_tempo_than_the_one_that_is_set(bpm: float, expected: float) -> None:
    assert on_the_beat("chorales", bpm, expected) > 0.9


@pytest.mark.parametrize("bpm", [70, 96])
def test_the_beat_of_a_line_in_sixteenths_is_found_near_the_tempo_that_is_set(bpm: float) -> None:
    assert on_the_beat("cello", bpm) > 0.5  # a quarter by chance


def test_a_pause_keeps_the_tempo() -> None:
    tracker = BeatTracker(100)
    for beat in range(12):
        tracker.strike(0.75 * beat)
    assert tracker.strike(0.75 * 11 + 20 * 0.75) == 80
    assert tracker.bpm == pytest.approx(80, rel=0.01)


def test_ornaments_do_not_move_the_beat() -> None:
    tracker = BeatTracker(80)
    for beat in range(12):
        for ornament in (0.0, 0.06, 0.12):
            tracker.strike(0.75 * beat + ornament)
    assert tracker.place == 44
    assert tracker.bpm == pytest.approx(80, rel=0.01)
