"""Encode pieces of the benchmark as arrays: what the network sees, is told, and has to decide.

Law: nothing is encoded before it is known: a row has one chord and what came before it; what the head is told has the
decisions made so far.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bachd.neural.features import CONTEXT, PITCHES
from bachd.training.fit.dataset import EMPTY, Encoded
from bachd.training.fit.network import Layout
from bachd.training.jsb.data import LONGEST, VOICES, Benchmark, Chorale
from bachd.training.jsb.past import MATCHES, collections, matches

SILENCE: Final = PITCHES
"""The answer 'no pitch'; those before it are pitches from the lowest on."""
LASTING: Final = SILENCE + 1
"""The first of LONGEST answers to 'for how many rows'."""
ANSWERS: Final = LASTING + LONGEST
PLACES: Final = SILENCE + 1

_CLOCKS: Final = ((16, 1), (4, 16), (12, 1))
"""Where the next chord begins: in a bar of 16 rows, in four of these, in a bar of 12."""
_PHASES: Final = sum(count for count, _ in _CLOCKS)
_ELAPSED: Final = (16, 32, 64, 96, 128, 192, 256, 384)
_HELD: Final = (2, 4, 8, 12, 16, 24)
_NEAR: Final = 12
_STEPS: Final = 2 * _NEAR + 1
"""What is seen of steps, from -_NEAR to _NEAR semitones; those that are wider count as these."""
_APART: Final = 25
"""What is seen of distances between two voices, from 0 semitones on."""
SPAN: Final = 24
SPANS: Final = 2 * SPAN + 1
"""What is said of distances, from -SPAN to SPAN semitones."""

# The columns of a row: what each voice sings, for how long, where the next chord begins, the start of the piece, and
# since when each voice has sung its note. In intervals: each voice's step, and the chord above its bass and by voices,
# and as degrees.
_LENGTH: Final = VOICES * PLACES
_PHASE: Final = _LENGTH + LONGEST
_SINCE: Final = _PHASE + _PHASES
_BEFORE: Final = _SINCE + len(_ELAPSED)
_AGE: Final = _BEFORE + 1
_ROW_STEP: Final = _AGE + VOICES * len(_HELD)
_ROW_ABOVE: Final = _ROW_STEP + VOICES * _STEPS
_ROW_BETWEEN: Final = _ROW_ABOVE + 12 * (VOICES - 1)
_ROW_DEGREE: Final = _ROW_BETWEEN + _APART * (VOICES - 1)
ROW: Final = _ROW_DEGREE + 12 * VOICES

# What the head is told: the voices chosen, those of the chord before, which decision it is, the steps of the chosen,
# the tonic, how long a match with earlier music is. In intervals: distances between the chosen voices, from each to
# where the next one was, and degrees. At the end what the network itself does not see: the answer of the match.
LEFT: Final = VOICES * PLACES
DECISION: Final = 2 * LEFT
_STEP: Final = DECISION + VOICES + 1
TONIC: Final = _STEP + VOICES * _STEPS
MATCH: Final = TONIC + 12
_BETWEEN: Final = MATCH + len(MATCHES)
_NEXT: Final = _BETWEEN + _APART * (VOICES - 1)
_DEGREE: Final = _NEXT + _STEPS * (VOICES - 1)
PROPOSED: Final = _DEGREE + 12 * VOICES
NOTES: Final = PROPOSED + ANSWERS

# What the head says: logits of the answers, of the match's answer; of each voice's steps, of distances below the voice
# above, and of degrees.
COPY: Final = ANSWERS
SAID_STEP: Final = COPY + 1
SAID_BELOW: Final = SAID_STEP + SPANS
SAID_DEGREE: Final = SAID_BELOW + SPANS
SAID: Final = SAID_DEGREE + 12

LAYOUT: Final = Layout(((0, ROW),), ((0, PROPOSED),), ((0, SAID),))

Places = npt.NDArray[np.int32]
Known = npt.NDArray[np.bool_]


def encode(piece: Chorale, benchmark: Benchmark, shift: int = 0, *, whole: bool = False) -> Encoded:
    """Encode a piece, moved by `shift` semitones (-5 to 6), as arrays.

    The decisions of a chord are its four voices and, if there are lengths, its length. That of the last chord is not
    known; it is left out, or, for `whole`, it is the least that it can be.
    """
    count = len(piece.chords)
    pitches = np.array(piece.chords, np.int32)
    places = np.where(pitches < 0, SILENCE, pitches - benchmark.lowest + shift)
    before = np.concatenate([np.full((1, VOICES), SILENCE, np.int32), places[:-1]])
    lengths = np.array(piece.lengths)
    # The tonic's pitch class, counted in places, before the first chord and after each; -1 where it is not known.
    tonics = collections(piece) if benchmark.voiced else np.zeros(count + 1, np.int32)
    tonics = np.where(tonics < 0, -1, (tonics - benchmark.lowest + shift) % 12)
    decisions = VOICES + benchmark.voiced
    proposed, long = matches(piece)
    answers = np.concatenate([places, LASTING + lengths[:, None] - 1], axis=1)
    symbols = answers[:, :decisions].astype(np.int32)
    if benchmark.voiced and not whole:
        symbols[-1, VOICES] = EMPTY
    proposals = np.where(proposed[:, None] < 0, EMPTY, answers[proposed])
    notes = np.stack(
        [_told(places, before, tonics[:-1], proposals, long, decision) for decision in range(decisions)], axis=1
    )
    return Encoded(
        "", _rows(places, before, lengths, tonics[1:]), symbols, notes, np.full(count, EMPTY, np.int32), (0, 0)
    )


def _rows(places: Places, before: Places, lengths: Places, tonics: Places) -> npt.NDArray[np.uint8]:
    """Return what the trunk sees: shape (CONTEXT + n, ROW)."""
    count = len(places)
    after = np.cumsum(lengths)
    here = CONTEXT + np.arange(count)
    rows = np.zeros((count + CONTEXT, ROW), np.uint8)
    rows[:CONTEXT, _BEFORE] = 1
    rows[here[:, None], np.arange(VOICES) * PLACES + places] = 1
    rows[here, _LENGTH + lengths - 1] = 1
    first = _PHASE
    for phases, long in _CLOCKS:
        rows[CONTEXT - 1, first] = 1
        rows[here, first + after // long % phases] = 1
        first += phases
    rows[CONTEXT:, _SINCE : _SINCE + len(_ELAPSED)] = after[:, None] >= np.array(_ELAPSED)
    seen = rows[CONTEXT:]
    seen[:, _AGE:_ROW_STEP] = (_ages(places, lengths)[:, :, None] >= np.array(_HELD)).reshape(count, -1)
    bass = places[:, VOICES - 1]
    for voice in range(VOICES):
        own = places[:, voice]
        _mark(seen, _ROW_STEP + voice * _STEPS, *_step(own, before[:, voice]))
        _mark(seen, _ROW_DEGREE + 12 * voice, (own - tonics) % 12, (own != SILENCE) & (tonics >= 0))
        if voice + 1 < VOICES:
            _mark(seen, _ROW_ABOVE + 12 * voice, (own - bass) % 12, (own != SILENCE) & (bass != SILENCE))
            _mark(seen, _ROW_BETWEEN + _APART * voice, *_apart(own, places[:, voice + 1]))
    return rows


def _told(
    places: Places, before: Places, tonics: Places, proposals: Places, long: Places, decision: int
) -> npt.NDArray[np.uint8]:
    """Return the head's input before the decision with this number: shape (n, NOTES)."""
    every = np.arange(len(places))
    told = np.zeros((len(places), NOTES), np.uint8)
    told[:, DECISION + decision] = 1
    told[every[tonics >= 0], TONIC + tonics[tonics >= 0]] = 1
    agrees = proposals[:, decision] != EMPTY
    for voice in range(VOICES):
        told[every, LEFT + voice * PLACES + before[:, voice]] = 1
        if voice >= decision:
            continue
        told[every, voice * PLACES + places[:, voice]] = 1
        own = places[:, voice]
        _mark(told, _STEP + voice * _STEPS, *_step(own, before[:, voice]))
        _mark(told, _DEGREE + 12 * voice, (own - tonics) % 12, (own != SILENCE) & (tonics >= 0))
        agrees &= proposals[:, voice] == own
        if voice + 1 < VOICES:
            _mark(told, _NEXT + _STEPS * voice, *_step(own, before[:, voice + 1]))
        if voice:
            _mark(told, _BETWEEN + _APART * (voice - 1), *_apart(places[:, voice - 1], own))
    told[every[agrees], MATCH + long[agrees]] = 1
    told[every[agrees], PROPOSED + proposals[agrees, decision]] = 1
    return told


def _ages(places: Places, lengths: Places) -> Places:
    """Return for how many rows each voice has sung what it sings at the end of each chord: shape (n, VOICES)."""
    ages = np.zeros_like(places)
    age = np.zeros(VOICES, np.int32)
    for at, length in enumerate(lengths):
        held = places[at] == places[at - 1] if at else np.zeros(VOICES, bool)
        age = np.where(held, age, 0) + length
        ages[at] = age
    return ages


def _step(one: Places, other: Places) -> tuple[Places, Known]:
    """Return the semitones from `other` up to `one`, as an index into _STEPS; and where both sing."""
    return np.clip(one - other, -_NEAR, _NEAR) + _NEAR, (one != SILENCE) & (other != SILENCE)


def _apart(upper: Places, lower: Places) -> tuple[Places, Known]:
    """Return by how many semitones `upper` is above `lower`, as an index into _APART; and where both sing."""
    return np.clip(upper - lower, 0, _APART - 1), (upper != SILENCE) & (lower != SILENCE)


def _mark(array: npt.NDArray[Any], first: int, index: Places, known: Known) -> None:
    array[np.flatnonzero(known), first + index[known]] = 1
