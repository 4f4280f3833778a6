"""The form of music that is written: its phrases, where they lead, and in which keys they close.

Law: a form follows from the events, and from where phrases end if that is known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Final

from bachd.music import chords, keys
from bachd.music.event import TICKS, Event
from bachd.music.form import phrases
from bachd.music.form.habits import Cadence
from bachd.music.form.plan import Form, Phrase, usual_ticks
from bachd.music.keys import Key
from bachd.music.piece import Piece

SHORTEST: Final = 2 * TICKS
"""Ticks that a phrase lasts at least; an end that is nearer to the one before is part of it."""
_LONGEST: Final = 1.5
"""Share of a usual phrase after which flowing music is taken to have closed one, if it rested nowhere."""
_VOICES: Final = 3
"""Mean number of voices from which music breathes at the end of its phrases all at once."""
_WINDOW: Final = 8 * TICKS
"""Ticks before an end in which its key is looked for."""


def of(piece: Piece, ends: Sequence[int] = ()) -> Form:
    """The form of a whole piece. ends: the ticks at which its phrases end, if known; else they are looked for."""
    home = keys.home(piece.events)
    cuts = _spread(ends or phrases.ends(piece), piece.ticks)
    if not breathes([piece]):
        cuts = _divided(cuts, piece)
    *found, last = between(piece, (0, *cuts, piece.ticks))
    return Form(home, 0, (*found, replace(last, key=home, cadence=Cadence.FINAL)))


def between(piece: Piece, ticks: Sequence[int]) -> tuple[Phrase, ...]:
    """The phrases of a piece between some ticks, ascending, at each of which one ends and the next begins."""
    breathing = breathes([piece])
    onsets = list(accumulate((event.ticks for event in piece.events), initial=0))
    found = []
    for begin, end in pairwise(ticks):
        key, cadence = close(piece.events, end, cadences=breathing)
        goal = max(begin, _last_chord(piece.events, onsets, end))
        found.append(Phrase(begin, goal, end, key, cadence, ""))
    return tuple(found)


def breathes(pieces: Iterable[Piece]) -> bool:
    """Whether music has so many voices that it breathes at the end of its phrases all at once, as a chorale does."""
    sounding = [len(event.sounding) for piece in pieces for event in piece.events if event.sounding]
    return sum(sounding) >= _VOICES * len(sounding)


def close(events: Sequence[Event], end: int, *, cadences: bool) -> tuple[Key, Cadence]:
    """The key in which a phrase closes that ends at a tick, and how; without cadences, as if on its tonic."""
    before = _between(events, end - _WINDOW, end)
    weights = keys.weights(before)
    likeliest = keys.estimate(weights)
    last = next((event for event in reversed(before) if event.sounding), None)
    if not cadences or last is None:
        return likeliest, Cadence.AUTHENTIC
    chord = chords.identify(last.sounding)
    if chord is None:
        return likeliest, Cadence.AUTHENTIC
    if chord.kind == "major" and chord.root == (likeliest.tonic + 7) % 12:
        return likeliest, Cadence.HALF
    if chord.root == likeliest.tonic:
        return likeliest, Cadence.AUTHENTIC
    return keys.estimate(weights, (Key(chord.root), Key(chord.root, minor=True))), Cadence.AUTHENTIC


def _between(events: Iterable[Event], begin: int, end: int) -> list[Event]:
    """The events that begin in a span of ticks."""
    tick, found = 0, []
    for event in events:
        if begin <= tick < end:
            found.append(event)
        tick += event.ticks
    return found


def _spread(ends: Iterable[int], ticks: int) -> list[int]:
    """Ends that are neither too near to each other nor to the end of the piece."""
    found: list[int] = []
    for end in sorted(set(ends)):
        if end - (found[-1] if found else 0) >= SHORTEST and ticks - end >= SHORTEST:
            found.append(end)
    return found


def _divided(ends: list[int], piece: Piece) -> list[int]:
    """Ends and, where they are far apart, bar lines between them."""
    metre = piece.grid.place(0).metre
    usual, bar = usual_ticks(metre), metre.bar
    found: list[int] = []
    begin = 0
    for end in [*ends, piece.ticks]:
        while end - begin > _LONGEST * usual:
            target = begin + usual
            line = target - piece.grid.place(target).phase
            begin = line if line - begin >= bar else target
            found.append(begin)
        if end < piece.ticks:
            found.append(end)
        begin = end
    return found


def last_ticks(piece: Piece) -> int:
    """Ticks for which the last chord of a piece sounds, from the last note that starts in it; 0 for silence."""
    end, sounding = piece.ticks, len(piece.events)
    while sounding and not piece.events[sounding - 1].sounding:
        sounding -= 1
        end -= piece.events[sounding].ticks
    onsets = list(accumulate((event.ticks for event in piece.events), initial=0))
    return end - _last_chord(piece.events[:sounding], onsets, end) if sounding else 0


def _last_chord(events: Sequence[Event], onsets: Sequence[int], end: int) -> int:
    """The tick at which the last note begins before `end`; `end` where that is in the middle of what goes on."""
    index = bisect_left(onsets, end) - 1
    while index > 0 and not events[index].starts and events[index].held:
        index -= 1
    return onsets[max(0, index)]
