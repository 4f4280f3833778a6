"""Where bachd hears phrases end, held against the fermatas of Bach's chorales."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bachd.music.event import TICKS
from bachd.music.form.cadence import ends_phrase
from bachd.music.metre import Grid, Metre
from bachd.music.notes import cut
from bachd.training.corpus import music21_scores

music21 = pytest.importorskip("music21")

NAMES = [f"bwv{number}" for number in (253, 254, 255, 256, 257, 258, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268)]


def heard(name: str) -> tuple[int, int, int]:
    """How many ends of phrases in a chorale are found, how many of these are under a fermata, and how many of those
    there are; the last chord does not count."""
    score = music21.corpus.parse(f"bach/{name}")
    parts = list(score.getElementsByClass(music21.stream.Part))
    changes, upbeat = music21_scores.bars(parts[0])
    grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in changes), upbeat)
    events = cut(note for part in parts for note in music21_scores.part_notes(part)[0])
    soprano = [
        (_ticks(note.getOffsetInHierarchy(parts[0])), _ticks(note.quarterLength))
        for note in parts[0].recurse().notes
        if any(isinstance(sign, music21.expressions.Fermata) for sign in note.expressions)
    ]
    length = sum(event.ticks for event in events)
    fermatas = {begin: begin + ticks for begin, ticks in soprano if begin + ticks < length}
    found = right = 0
    tick = events[0].ticks
    for before, event, after in zip(events, events[1:], events[2:], strict=False):
        if ends_phrase(before, event, grid.place(tick), after):
            found += 1
            right += any(begin <= tick < end for begin, end in fermatas.items())
        tick += event.ticks
    return found, right, len(fermatas)


def _ticks(quarters: float | Fraction) -> int:
    return round(quarters * TICKS)


def test_most_ends_of_phrases_are_under_a_fermata_and_most_fermatas_are_found() -> None:
    found, right, fermatas = (sum(counts) for counts in zip(*map(heard, NAMES), strict=True))
    assert fermatas > 70
    assert right / found > 0.8
    assert right / fermatas > 0.5
