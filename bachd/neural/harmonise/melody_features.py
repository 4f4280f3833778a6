"""What the harmony graph is told: the notes of a melody so far as intervals from the present one, keys and metre.

Within a quarter, the chord that it began with, too.

Law: the layout is fixed here, and FINGERPRINT names it; nothing later than the present note is in it, and a melody that
is moved by some semitones gives the same features.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np

from bachd.music.event import TICKS
from bachd.music.keys import Key
from bachd.music.metre import Place
from bachd.music.voices import Voices
from bachd.neural.features import FloatArray
from bachd.neural.outlook import Outlook

_SIXTEENTH: Final = TICKS // 4
_CLASSES: Final = 12
_LONGEST_SPAN: Final = 8 * TICKS
_SPANS: Final = (None, _LONGEST_SPAN, 4 * TICKS)
"""Ticks that the histograms of pitch classes look back; None is to the beginning."""
_LONG: Final = 2 * TICKS
"""Ticks from which a note counts as the end of a phrase."""
_FIRST: Final = 3
"""Notes at the beginning of the melody that are told for good: they are the surest sign of the key."""
_COUNTS: Final = 9
_RECENT: Final = 4
"""Notes before the present one."""
_LENGTHS: Final = (12, 18, 24, 36, 48, 72, 96)
"""Ticks that divide the lengths of notes into classes."""
_STEP: Final = 13
"""Wider steps count as this one."""
_HELD: Final = 13
"""Sixteenths for which the present note has sounded, and more."""
_SINCE: Final = 13
"""Quarters since the phrase began, and more."""
_COMMON: Final = 4 * TICKS
_TRIPLE: Final = 3 * TICKS
"""Ticks of the two kinds of bars within which the place of a note is told."""
_NOTE: Final = _CLASSES + 1 + len(_LENGTHS) + 1

_BLOCKS: Final = {
    "histograms": 2 * len(_SPANS) * _CLASSES,
    "closes": _CLASSES,
    "keys": 2 * 24,
    "first": _FIRST * _CLASSES,
    "count": _COUNTS,
    "recent": _RECENT * _NOTE,
    "step": 2 * _STEP + 1,
    "held": _HELD,
    "common": _COMMON // _SIXTEENTH,
    "triple": _TRIPLE // _SIXTEENTH,
    "beat": 8,
    "onset": 8,
    "since": _SINCE,
    "height": 1,
    "chord": 2 * _CLASSES + 1,
}
WIDTH: Final = sum(_BLOCKS.values())
"""How many features there are, each from 0 to 1."""
FINGERPRINT: Final = hashlib.sha256(repr(("bachd melody 2", _BLOCKS, _SPANS, _LENGTHS)).encode()).hexdigest()[:16]
"""Names this layout; a bundle's card repeats it."""
CHORD: Final = slice(WIDTH - _BLOCKS["chord"], WIDTH)
"""What is told of the chord that the quarter began with."""
_AT: Final = dict(zip(_BLOCKS, np.cumsum([0, *_BLOCKS.values()]).tolist(), strict=False))
_MIDDLE: Final = 67
"""MIDI number in the middle of a soprano."""


@dataclass(slots=True)
class _Note:
    pitch: int
    tick: int
    phase: int
    """Ticks from the bar line to where it begins."""
    ticks: int = 0


class MelodyHistory:
    """The notes of a melody so far."""

    def __init__(self) -> None:
        self._notes: list[_Note] = []
        # Of all notes but the last one, by pitch class: ticks, and how many are long.
        self._whole, self._long = np.zeros((2, _CLASSES), np.float32)
        self._tick = 0
        self._begun = 0
        """The tick at which the phrase began."""

    def __copy__(self) -> MelodyHistory:
        other = MelodyHistory()
        vars(other).update(vars(self))
        other._notes = [*self._notes[:-1], *map(copy, self._notes[-1:])]  # only the last one goes on
        other._whole, other._long = self._whole.copy(), self._long.copy()
        return other

    def push(self, pitch: int | None, ticks: int, place: Place, *, starts: bool) -> None:
        """Take in that a note began at `place`, or went on, and sounded for so many ticks; None for a rest."""
        if pitch is not None:
            if starts or not self._notes or self._notes[-1].pitch != pitch:
                self._end_note()
                self._notes.append(_Note(pitch, self._tick, place.phase))
            self._notes[-1].ticks += ticks
        self._tick += ticks

    def _end_note(self) -> None:
        if not self._notes:
            return
        last = self._notes[-1]
        self._whole[last.pitch % _CLASSES] += last.ticks
        self._long[last.pitch % _CLASSES] += last.ticks >= _LONG
        if self._tick - last.tick >= _LONG:
            self._begun = self._tick

    def features(self, pitch: int, place: Place, outlook: Outlook, *, held: bool, chord: Voices = ()) -> FloatArray:
        """What is known when `pitch` sounds from here on, at `place`; shape (WIDTH,), from 0 to 1.

        held: whether it began before. outlook: has the keys. chord: what the quarter began with, ascending; nothing
        where it begins at `place`, or nobody knows.
        """
        row = np.zeros(WIDTH, np.float32)
        going_on = held and bool(self._notes) and self._notes[-1].pitch == pitch
        before = self._notes[:-1] if going_on else self._notes
        now = self._notes[-1] if going_on else _Note(pitch, self._tick, place.phase)
        self._histograms(row, before, now)
        _keys(row, pitch, outlook)
        first = [note.pitch for note in before[:_FIRST]]
        for index, each in enumerate([*first, pitch][:_FIRST]):
            row[_AT["first"] + _CLASSES * index + (each - pitch) % 12] = 1
        row[_AT["count"] + min(len(before), _COUNTS - 1)] = 1
        for index, note in enumerate(reversed(before[-_RECENT:])):
            _recent(row[_AT["recent"] + _NOTE * index :], note, pitch)
        step = pitch - before[-1].pitch if before else 0
        row[_AT["step"] + _STEP + max(-_STEP, min(_STEP, step))] = 1
        self._time(row, now, place, begins=not going_on)
        row[_AT["height"]] = min(1.0, max(0.0, (pitch - _MIDDLE) / 36 + 0.5))
        _chord(row, pitch, chord)
        return row

    def _histograms(self, row: FloatArray, before: list[_Note], now: _Note) -> None:
        found = np.zeros((len(_SPANS), _CLASSES), np.float32)
        found[0] = _above_note(self._whole, now.pitch)
        found[:, 0] += now.ticks + _SIXTEENTH
        closes = row[_AT["closes"] : _AT["closes"] + _CLASSES]
        closes += _above_note(self._long, now.pitch)
        if len(before) == len(self._notes) and before:  # the last one is over, too
            last = before[-1]
            found[0, (last.pitch - now.pitch) % _CLASSES] += last.ticks
            closes[(last.pitch - now.pitch) % _CLASSES] += last.ticks >= _LONG
        for note in reversed(before):
            if (ago := self._tick - note.tick) >= _LONGEST_SPAN:
                break
            for index, span in enumerate(_SPANS):
                if span is not None and ago < span:
                    found[index, (note.pitch - now.pitch) % _CLASSES] += note.ticks
        closes /= max(1.0, float(closes.sum()))
        flat = np.stack([found / found.sum(axis=1, keepdims=True), found > 0], axis=1)
        row[: _BLOCKS["histograms"]] = flat.ravel()

    def _time(self, row: FloatArray, now: _Note, place: Place, *, begins: bool) -> None:
        row[_AT["held"] + min(now.ticks // _SIXTEENTH, _HELD - 1)] = 1
        for name, bar in (("common", _COMMON), ("triple", _TRIPLE)):
            if place.metre.bar == bar:
                row[_AT[name] + place.phase // _SIXTEENTH] = 1
        for name, phase in (("beat", place.phase), ("onset", now.phase)):
            row[_AT[name] + phase % TICKS // _SIXTEENTH] = 1
            row[_AT[name] + 4 + phase // TICKS % 4] = 1
        long = begins and self._notes and self._tick - self._notes[-1].tick >= _LONG
        since = 0 if long else self._tick - self._begun
        row[_AT["since"] + min(since // TICKS, _SINCE - 1)] = 1


def _above_note(by_class: FloatArray, pitch: int) -> FloatArray:
    """Return numbers by pitch class, from that of a note on."""
    return np.roll(by_class, -(pitch % _CLASSES))


def _keys(row: FloatArray, pitch: int, outlook: Outlook) -> None:
    for index, key in enumerate((outlook.home, outlook.key)):
        if key is not None:
            row[_AT["keys"] + 24 * index + _above(key, pitch)] = 1


def _above(key: Key, pitch: int) -> int:
    return (key.tonic - pitch) % 12 + 12 * key.minor


def _chord(row: FloatArray, pitch: int, chord: Voices) -> None:
    if chord:
        told = row[CHORD]
        told[[(each - pitch) % _CLASSES for each in chord]] = 1
        told[[_CLASSES + (chord[0] - pitch) % _CLASSES, 2 * _CLASSES]] = 1


def _recent(row: FloatArray, note: _Note, pitch: int) -> None:
    row[(note.pitch - pitch) % 12] = 1
    row[_CLASSES] = min(1.0, max(0.0, (note.pitch - pitch) / 24 + 0.5))
    row[_CLASSES + 1 + bisect_right(_LENGTHS, note.ticks)] = 1
