"""Quantise notes, as programs and people play them, to the grid of 24 ticks a quarter.

Law: every written note stays, in its order and at its own tick; what goes is only the way of playing: a grace note and
the time it stole, the gap after a detached note, the spread of a chord.

A line is what one hand or one instrument plays, a track. Times are in ticks: exact before, whole after.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import floor
from typing import Final

from bachd.music.notes import Note

_NEAR: Final = 0.2
"""Within which two moments are one: the rounding of a file with few ticks adds up."""
_OFF: Final = 0.05
"""By how much a moment misses a grid if it is not on it."""
_GAP: Final = 3
"""A thirty-second note: a shorter gap before the next note of a line is articulation, not a rest."""
_STEAL: Final = 12
"""A grace note that has taken its time from the note before is shorter than this; any other is shorter than _GAP."""
_CHAIN: Final = 3
"""Grace notes in a row; more may be five or seven notes in the time of four."""


@dataclass(frozen=True, slots=True)
class TimedNote:
    """A note at exact times."""

    start: float
    end: float
    pitch: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Count the notes that quantising changed."""

    grace: int
    """Grace notes that were taken out."""
    moved: int
    """Notes that begin elsewhere now."""
    closed: int
    """Notes that were lengthened to the next one of their line."""


def quantise(lines: Sequence[Iterable[TimedNote]]) -> tuple[list[list[Note]], Changes]:
    """Return the notes of each line on the grid, and how many were changed."""
    given = [list(line) for line in lines]
    plain = [remove_grace_notes(line) for line in given]
    ticks = snap_onsets(plain)
    notes = [close_gaps(line, ticks) for line in plain]
    pairs = [pair for line, found in zip(plain, notes, strict=True) for pair in zip(line, found, strict=True)]
    return notes, Changes(
        sum(map(len, given)) - len(pairs),
        sum(abs(note.start - sound.start) > _OFF for sound, note in pairs),
        sum(note.end - sound.end > 0.5 for sound, note in pairs),
    )


def remove_grace_notes(line: Iterable[TimedNote]) -> list[TimedNote]:
    """Remove the grace notes of a line, sort it by onset, and give the main notes back the time that these took.

    One before the beat begins off the grid and ends with an onset on it, and so does each of a few in a row; one on the
    beat is shorter than a thirty-second, and its main note begins off the grid and ends on it.
    """
    sounds = sorted(line, key=lambda sound: (sound.start, sound.pitch))
    chords = {start: list(chord) for start, chord in groupby(sounds, key=lambda sound: sound.start)}
    onsets = list(chords)
    by_end = sorted(sounds, key=lambda sound: sound.end)
    ends = [sound.end for sound in by_end]
    main: dict[float, float] = {}  # onset of a possible grace note -> that of the note after it
    for start in reversed(onsets):
        after = {_onset(onsets, sound.end) for sound in chords[start]}
        long = max(sound.end - start for sound in chords[start])
        if len(after) == 1 and None not in after and long < _STEAL and (_is_off(start) or long < 0.5):
            main[start] = min(filter(None, after))
    changed: dict[TimedNote, TimedNote | None] = {}
    for first in sorted(main.keys() - set(main.values())):
        chain = [first]
        while main[chain[-1]] in main:
            chain.append(main[chain[-1]])
        beat = main[chain[-1]]
        graces = [sound for start in chain for sound in chords[start]]
        near = by_end[bisect_left(ends, first - _NEAR) : bisect_right(ends, first + _NEAR)]
        robbed = [one for one in near if one.start < first and abs(one.end - first) < _NEAR and not _is_off(one.start)]
        short = all(sound.end - sound.start < _GAP for sound in graces)
        if len(chain) <= _CHAIN and not _is_off(beat) and (robbed or short):
            changed |= dict.fromkeys(graces) | {one: replace(one, end=beat) for one in robbed}
    for start, after in pairwise(onsets):
        graces, mains = chords[start], chords[after]
        if (
            all(abs(sound.end - after) < _NEAR and sound.end - start < _GAP for sound in graces)
            and all(_is_off(sound.start) and not _is_off(sound.end) for sound in mains)
            and not _is_off(start)
            and changed.keys().isdisjoint(graces + mains)
        ):
            changed |= dict.fromkeys(graces) | {sound: replace(sound, start=start) for sound in mains}
    left = (changed.get(sound, sound) for sound in sounds)
    return sorted(filter(None, left), key=lambda sound: (sound.start, sound.pitch))


def snap_onsets(lines: Sequence[Sequence[TimedNote]]) -> dict[float, int]:
    """Return the tick of each onset: the nearest thirty-second or sixteenth of a triplet, if that is within a tick.

    Notes at regular distances, such as sixty-fourths, keep them. Two onsets of a line fall together only where their
    notes sound together, as those of a chord that is not struck quite at once.
    """
    before: dict[float, set[float]] = {}
    after: dict[float, set[float]] = {}
    even = set()
    for line in lines:
        onsets = sorted({sound.start for sound in line})
        ends = {sound.start: sound.end for sound in line}
        parted = [(one, other) for one, other in pairwise(onsets) if ends[one] <= other + _NEAR or other - one > 1]
        for one, other in parted:
            before.setdefault(other, set()).add(one)
            after.setdefault(one, set()).add(other)
        even |= {b for a, b, c in zip(onsets, onsets[1:], onsets[2:], strict=False) if abs(a + c - 2 * b) < _NEAR}
    moments = sorted({sound.start for line in lines for sound in line})
    wanted = {moment: floor(moment + 0.5) if moment in even else _nearest(moment) for moment in moments}
    latest: dict[float, int] = {}
    for moment in reversed(moments):
        room = [latest[other] - 1 for other in after.get(moment, ())]
        latest[moment] = min([wanted[moment] + (wanted[moment] < moment), *room])
    ticks: dict[float, int] = {}
    for moment in moments:
        earliest = max((ticks[other] + 1 for other in before.get(moment, ())), default=0)
        ticks[moment] = max(earliest, min(wanted[moment], latest[moment]))
    return ticks


def close_gaps(line: Sequence[TimedNote], ticks: Mapping[float, int]) -> list[Note]:
    """Return a line's notes with whole ends: at its next onset, if the gap or the overlap is articulation."""
    own = sorted({sound.start for sound in line})
    notes = []
    for sound in line:
        start, end = ticks[sound.start], floor(sound.end + 0.5)
        at = bisect_left(own, sound.end - _NEAR)
        follows = own[at] if at < len(own) else None
        if follows is not None and follows - sound.end < _GAP:
            end = ticks[follows]
        elif _is_off(sound.end) and at and sound.end - own[at - 1] < _GAP and own[at - 1] > sound.start:
            end = ticks[own[at - 1]]
        notes.append(Note(start, max(end, start + 1), sound.pitch))
    return notes


def _is_off(moment: float) -> bool:
    """Return whether it is neither on a whole tick nor at a hundred-and-twenty-eighth note."""
    return all(abs(moment - round(moment / unit) * unit) > _OFF for unit in (1, 0.75))


def _onset(onsets: Sequence[float], moment: float) -> float | None:
    """Return the onset at that moment, if there is one."""
    at = bisect_left(onsets, moment - _NEAR)
    return onsets[at] if at < len(onsets) and onsets[at] < moment + _NEAR else None


def _nearest(moment: float) -> int:
    """Return the nearest thirty-second or sixteenth of a triplet; the nearest tick if both are over a tick away."""
    found = min((floor(moment / unit + 0.5) * unit for unit in (3, 4)), key=lambda tick: (abs(tick - moment), tick))
    return found if abs(found - moment) <= 1 else floor(moment + 0.5)
