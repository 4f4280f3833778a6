"""Compute all figures of a passage, each as a sum and a count.

Law: a figure of many passages is the sum of the sums over the sum of the numbers, unless `median` says otherwise; where
there was nothing to count, there is no figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from bachd.training.evaluate.analysis import cadences, chords, keys, rhythm, themes
from bachd.training.evaluate.analysis.passage import Passage
from bachd.training.evaluate.analysis.passage_analysis import Analysis
from bachd.training.evaluate.form import four_parts
from bachd.training.evaluate.form.four_parts import Ratio

CHORALES, LINE, KEYBOARD = "chorales", "line", "keyboard"
"""Kinds of music, which are asked different questions: four voices, one line, any number of voices."""
_HAND: Final = 14
"""Semitones that a hand spans: a ninth."""


def kind_of(pieces: Sequence[Passage]) -> str:
    """Return the kind of music of some passages, by how many notes sound at a time."""
    sounding = [(len(event.sounding), event.ticks) for passage in pieces for event in passage.events if event.sounding]
    mean = sum(notes * ticks for notes, ticks in sounding) / max(1, sum(ticks for _, ticks in sounding))
    return CHORALES if mean > 3.5 else LINE if mean < 1.5 else KEYBOARD


def measure(passage: Passage, kind: str) -> dict[str, Ratio]:
    """All figures of a passage that its kind of music has."""
    analysis = Analysis(passage)
    found = dict(_ends(analysis)) | dict(_keys(analysis)) | dict(_themes(analysis)) | dict(_rhythm(analysis))
    if kind == CHORALES:
        found |= four_parts.figures(analysis)
    else:
        found |= dict(_texture(analysis))
    return found


def _ends(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    index = analysis.last_chord
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
        yield name, (sum(themes.returning(passage, line, bars) for line, _ in analysis.lines), notes)
    for name, strict in (("sequences", True), ("loose_sequences", False)):
        yield name, (sum(themes.in_sequences(passage, *line, strict=strict) for line in analysis.lines), notes)
    yield "imitations", (themes.imitations(passage), passage.bars)
    yield "soprano_returns", (themes.soprano_returns(passage, analysis.lines[0][1]), 1)


def _rhythm(analysis: Analysis) -> Iterator[tuple[str, Ratio]]:
    passage = analysis.passage
    lengths = rhythm.lengths(passage, passage.top)
    if lengths:
        yield "length_entropy", (rhythm.entropy(lengths), 1)
        yield "commonest_length", (rhythm.commonest(lengths), 1)
    yield "repeated_bars", rhythm.repeated_bars(passage)
    yield "long_stops", (rhythm.long_stops(passage), passage.quarters)


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
