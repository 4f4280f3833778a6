"""All figures of a passage, each as a sum and the number of things that it is a sum over.

Law: a figure of many passages is the sum of the sums over the sum of the numbers, unless `median` says otherwise; where
there was nothing to count, there is no figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis import cadences, chords, dissonance, keys, resting_points, rhythm, themes, voices
from bachd.training.evaluate.analysis.passage import Floats, Ints, Line, Passage
from bachd.training.evaluate.analysis.resting_points import RestingPoint

Ratio = tuple[float, float]
"""A sum, and how many things it is a sum over."""
CHORALES, LINE, KEYBOARD = "chorales", "line", "keyboard"
"""Kinds of music, which are asked different questions: four voices, one line, any number of voices."""
CLOSE: Final = 8
"""Quarters at the end of a piece that say in which key it ends."""
_LONG_PHRASE: Final = 12
_HAND: Final = 14
"""Semitones that a hand spans: a ninth."""


def kind_of(pieces: Sequence[Passage]) -> str:
    """What kind of music some passages are, by how many notes sound at a time."""
    sounding = [(len(event.sounding), event.ticks) for passage in pieces for event in passage.events if event.sounding]
    mean = sum(notes * ticks for notes, ticks in sounding) / max(1, sum(ticks for _, ticks in sounding))
    return CHORALES if mean > 3.5 else LINE if mean < 1.5 else KEYBOARD


@dataclass(frozen=True)
class Analysis:
    """A passage with what several figures are counted from."""

    passage: Passage

    @cached_property
    def table(self) -> Floats:
        """What sounds in each quarter of the piece."""
        return keys.spelled(self.passage.piece)

    @cached_property
    def path(self) -> Ints:
        """The key of each quarter of the piece."""
        return keys.path(self.table)

    @property
    def seam(self) -> int:
        """The quarter from which on is counted."""
        return self.passage.start // TICKS

    @cached_property
    def home(self) -> int:
        """The key of the whole piece."""
        return keys.key_of(self.table.sum(axis=0))

    @cached_property
    def opening(self) -> int:
        """The key of the bars before the passage."""
        return keys.key_of(self.table[: self.seam].sum(axis=0))

    @cached_property
    def close(self) -> int:
        """The key of the last quarters."""
        return keys.key_of(self.table[-CLOSE:].sum(axis=0))

    @cached_property
    def voices(self) -> Ints:
        """The four voices of what is counted."""
        return voices.of(self.passage)

    @cached_property
    def lines(self) -> tuple[tuple[Line, Ints], tuple[Line, Ints]]:
        """Top and bottom line of the piece, with their steps of the scale."""
        top, bottom = self.passage.top, self.passage.bottom
        return (top, themes.scale_steps(top, self.path)), (bottom, themes.scale_steps(bottom, self.path))

    @cached_property
    def rests(self) -> list[RestingPoint]:
        """The resting points that are counted; the last chord of the piece is one."""
        passage = self.passage
        found = [point for point in resting_points.find(passage.piece, passage.onsets) if point.tick >= passage.start]
        last = _last_chord(passage)
        return [point for point in found if point.index < last] + [RestingPoint(last, passage.onsets[last])]

    def cadence(self, index: int) -> str | None:
        """The cadence that ends with an event of the piece."""
        return cadences.kind(self.passage.piece.events, index, int(self.path[self.passage.onsets[index] // TICKS]))


def measure(passage: Passage, kind: str) -> dict[str, Ratio]:
    """All figures of a passage that its kind of music has."""
    analysis = Analysis(passage)
    found = dict(_ends(analysis)) | dict(_keys(analysis)) | dict(_themes(analysis)) | dict(_rhythm(analysis))
    if kind == CHORALES:
        found |= dict(_phrases(analysis)) | dict(_voices(analysis)) | dict(_harmony(analysis))
    else:
        found |= dict(_texture(analysis))
    return found


def _last_chord(passage: Passage) -> int:
    """Index of the last event in which anything sounds."""
    events = passage.piece.events
    return next((index for index in range(len(events) - 1, -1, -1) if events[index].sounding), len(events) - 1)


def _ends(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    index = _last_chord(passage)
    last = passage.piece.events[index]
    bass = last.sounding[0] % 12 if last.sounding else -1
    tonic, minor = analysis.home % 12, analysis.home >= 12
    triad = {(tonic + step) % 12 for step in (0, 3 if minor else 4, 7)}
    chord = chords.chord(last.sounding)
    kind = analysis.cadence(index)
    yield "cut_off", (passage.cut_off, 1)
    yield "ends_on_seed_bass", (bass == passage.final_bass, 1)
    yield "ends_on_tonic", (bass == tonic, 1)
    yield "ends_within_tonic_triad", (bass in triad, 1)
    yield "ends_perfect", (kind == cadences.PERFECT, 1)
    yield "ends_authentic", (kind in cadences.AUTHENTIC, 1)
    yield "ends_on_root_triad", (bool(chord and chord.is_triad and chord.in_root_position), 1)
    yield "last_event_long", (_last_length(passage, index) >= 2 * rhythm.usual(passage), 1)


def _last_length(passage: Passage, index: int) -> int:
    """Ticks from the last note that starts to the end of the last chord."""
    ticks = 0
    for event in reversed(passage.piece.events[: index + 1]):
        ticks += event.ticks
        if event.starts:
            break
    return ticks


def _keys(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    path = analysis.path[analysis.seam :]
    home, counted = analysis.home, analysis.table[analysis.seam :]
    third = max(1, len(counted) // 3)
    yield "close_in_opening_key", (analysis.close % 12 == analysis.opening % 12, 1)
    yield "close_in_home_key", (analysis.close == home, 1)
    yield "time_at_home", (int((path == home).sum()), len(path))
    yield "time_near_home", (sum(keys.near(int(key), home) for key in path), len(path))
    yield "key_changes", (int((np.diff(path) != 0).sum()), len(path))
    yield "keys", (len(set(path.tolist())), 1)
    yield "home_first_third", (float(keys.correlations(counted[:third].sum(axis=0))[home]), 1)
    yield "home_last_third", (float(keys.correlations(counted[-third:].sum(axis=0))[home]), 1)


def _themes(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    notes = sum(passage.counted(line) for line, _ in analysis.lines)
    for name, bars in (("returns", 2), ("late_returns", 8)):
        yield name, (sum(themes.returning(passage, *line, bars) for line in analysis.lines), notes)
    for name, strict in (("sequences", True), ("loose_sequences", False)):
        yield name, (sum(themes.in_sequences(passage, *line, strict=strict) for line in analysis.lines), notes)
    yield "imitations", (themes.imitations(passage, analysis.lines), passage.bars)
    yield "soprano_returns", (themes.soprano_returns(passage, analysis.lines[0][1]), 1)


def _rhythm(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    lengths = rhythm.lengths(passage, passage.top)
    if lengths:
        yield "length_entropy", (rhythm.entropy(lengths), 1)
        yield "commonest_length", (rhythm.commonest(lengths), 1)
    yield "repeated_bars", rhythm.repeated_bars(passage)
    yield "long_stops", (rhythm.long_stops(passage), passage.quarters)


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
    """How often a dominant goes to the triad a fifth below, both as the chords that come one after the other."""
    found = filter(None, (chords.chord(event.sounding) for event in passage.events))
    count, before = 0, None
    for chord in found:
        if before and before.root != chord.root:
            count += before.is_dominant and chord.is_consonant and (before.root - chord.root) % 12 == 7
        before = chord
    return count


def _texture(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    struck = [event.starts for event in passage.events if event.starts]
    pitches = [pitch for chord in struck for pitch in chord]
    if pitches:
        yield "ambitus", (max(pitches) - min(pitches), 1)
    for name, line in (("ambitus_top", passage.top), ("ambitus_bottom", passage.bottom)):
        counted = line.pitches[len(line) - passage.counted(line) :]
        if len(counted):
            yield name, (int(np.ptp(counted)), 1)
    yield "chords", (sum(len(chord) > 1 for chord in struck), len(struck))
    top = passage.top.pitches[len(passage.top) - passage.counted(passage.top) :]
    moves = np.abs(np.diff(top))
    moves = moves[moves > 0]
    yield "steps", (int((moves <= 2).sum()), len(moves))
    yield "thirds", (int(np.isin(moves, (3, 4)).sum()), len(moves))
    yield "over_octave", (int((moves > 12).sum()), len(moves))
    sounding = [(event.sounding, event.ticks) for event in passage.events if event.sounding]
    time = sum(ticks for _, ticks in sounding)
    yield "notes_at_a_time", (sum(len(chord) * ticks for chord, ticks in sounding), time)
    yield "time_with_one_voice", (sum(ticks for chord, ticks in sounding if len(chord) == 1), time)
    yield "unplayable", (sum(ticks for chord, ticks in sounding if not _two_hands_hold(chord)), time)


def _two_hands_hold(chord: Sequence[int]) -> bool:
    """Whether the notes below some place lie within a ninth, and those above it, too."""
    return any(
        (not low or low[-1] - low[0] <= _HAND) and (not high or high[-1] - high[0] <= _HAND)
        for low, high in ((chord[:place], chord[place:]) for place in range(len(chord) + 1))
    )
