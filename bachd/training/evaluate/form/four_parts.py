"""Compute figures of music in four parts: its phrases, its voices and its harmony.

Law: as in `figures`, each is a sum and the number of things that it is a sum over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis import cadences, chords, dissonance, voices
from bachd.training.evaluate.analysis.passage import Passage
from bachd.training.evaluate.analysis.passage_analysis import Analysis

Ratio = tuple[float, float]
"""A sum, and how many things it is a sum over."""
_LONG_PHRASE: Final = 12


def figures(analysis: Analysis) -> dict[str, Ratio]:
    """All figures of a passage in four parts."""
    return {**dict(_phrases(analysis)), **dict(_voices(analysis)), **dict(_harmony(analysis))}


def _phrases(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage, rests = analysis.passage, analysis.rests
    yield "resting_points", (len(rests), passage.quarters)
    ticks = [point.tick for point in rests]
    phrases = [(after - before) / TICKS for before, after in pairwise(ticks)]
    triple = passage.piece.grid.place(passage.start).metre.beats % 3 == 0
    usual = (6, 9, 12) if triple else (8,)
    yield "usual_phrases", (sum(length in usual for length in phrases), len(phrases))
    yield "long_phrases", (sum(length > _LONG_PHRASE for length in phrases), len(phrases))
    kinds = Counter(analysis.cadence(point.index) for point in rests)
    yield "phrases_with_cadence", (len(rests) - kinds[None], len(rests))
    yield "phrases_authentic", (sum(kinds[kind] for kind in cadences.AUTHENTIC), len(rests))
    for kind in (cadences.HALF, cadences.PLAGAL, cadences.DECEPTIVE):
        yield f"phrases_{kind}", (kinds[kind], len(rests))


def _voices(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage, four = analysis.passage, analysis.voices
    events = len(passage.events)
    yield "voice_lost", (voices.lost(passage), passage.quarters)
    yield "parallel_fifths", (voices.parallels(four, 7), events)
    yield "parallel_octaves", (voices.parallels(four, 0), events)
    yield "hidden_parallels", (voices.hidden(four), events)
    yield "overlaps", (voices.overlaps(four), passage.quarters)
    yield "out_of_voice_range", voices.outside(four)
    yield "contrary_motion", voices.contrary(four)
    for voice, name in enumerate(("soprano", "alto", "tenor", "bass")):
        line = four[:, voice][four[:, voice] >= 0]
        if len(line):
            yield f"ambitus_{name}", (int(np.ptp(line)), 1)
    steps = np.abs(np.concatenate([voices.steps(four, voice) for voice in range(voices.VOICES)]))
    yield "leaps_over_octave", (int((steps > 12).sum()), len(steps))
    yield "leaps_of_seventh", (int(np.isin(steps, (10, 11)).sum()), len(steps))
    bass = np.abs(voices.steps(four, voices.VOICES - 1))
    yield "bass_by_step", (int((bass <= 2).sum()), len(bass))
    yield "bass_by_leap", (int((bass >= 5).sum()), len(bass))


def _harmony(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    found = dissonance.count(passage.piece.events, passage.first)
    yield "dissonances", (found.all, passage.quarters)
    yield "unprepared", (found.unprepared, passage.quarters)
    yield "unresolved", (found.unresolved, passage.quarters)
    time = Counter[str]()
    triads = second_inversions = 0
    for event in passage.events:
        chord = chords.chord(event.sounding)
        time["other" if chord is None else "triads" if chord.is_triad else "sevenths"] += event.ticks
        triads += bool(chord and chord.is_triad)
        second_inversions += bool(chord and chord.is_triad and (chord.root - chord.bass) % 12 == 5)
    for name in ("triads", "sevenths", "other"):
        yield f"time_{name}", (time[name], time.total())
    yield "second_inversions", (second_inversions, triads)
    yield "falling_fifths", (_falling_fifths(passage), passage.quarters)


def _falling_fifths(passage: Passage) -> int:
    """Count dominants that resolve to the triad a fifth below."""
    found = filter(None, (chords.chord(event.sounding) for event in passage.events))
    count, before = 0, None
    for chord in found:
        if before and before.root != chord.root:
            count += before.is_dominant and chord.is_consonant and (before.root - chord.root) % 12 == 7
        before = chord
    return count
