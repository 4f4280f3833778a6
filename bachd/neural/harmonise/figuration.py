"""Choose where a voice under a held note may move by step, and remember what it owes: a resolution.

Law: the next note of the melody is not known, so a figure has to fit the chords under the likeliest ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.metre import Place
from bachd.music.voices import Voices
from bachd.neural.features import FloatArray
from bachd.neural.harmonise import counterpoint
from bachd.neural.harmonise.counterpoint import STEP
from bachd.neural.harmonise.harmony import Harmony, HarmonyGraph
from bachd.neural.harmonise.melody_features import MelodyHistory
from bachd.neural.harmonise.voicing import has_room
from bachd.neural.outlook import Outlook

EIGHTH: Final = TICKS // 2
_MOVES: Final = -3.0
"""Nats by which a figure is likelier than that the chord stays, at least."""
_STAYS, _REPEATED, _STEPS = 0.25, 0.15, 0.3
"""Shares of the ways that a melody goes on: it holds its note, strikes it again, steps up or down."""
_ONWARD, _BASS_ONWARD = 0.5, 0.3
"""Share of the ways in which a figure can go on in its direction, at least: of an inner voice, and of the bass."""
_BY_STEP: Final = 0.8
"""Share of the ways in which inner voices can go on by step at all, or stay, at least."""


@dataclass(frozen=True, slots=True)
class Next:
    """A chord that may come next."""

    share: float
    """How likely it is, of 1."""
    top: int
    """The note of the melody above it."""
    harmony: Harmony


Ways = Sequence[Next]
"""What may come next."""


@dataclass(slots=True)
class Owed:
    """What the voices of the last chord have to do next."""

    ways: dict[int, int] = field(default_factory=dict)
    """1 for up, -1 for down, by voices that have to move by step, counted from the bottom."""
    resolution: Voices | None = None
    """The chord that was meant, where one of its notes is suspended."""
    figure: frozenset[tuple[int, int]] = frozenset()
    """The voices that moved off the beat before, and where to: they do not do the same at once."""


def is_simple(place: Place) -> bool:
    """Whether the beats are quarters, or longer ones that halve to quarters."""
    return place.metre.beat % TICKS == 0


def melodies(pitch: int, key: Key) -> list[tuple[float, int, bool]]:
    """Return how a melody may go on: the share, the pitch, and whether it is still held."""
    return [
        (_STAYS, pitch, True),
        (_REPEATED, pitch, False),
        *((_STEPS, each, False) for each in counterpoint.steps(pitch, key)),
    ]


def likely_chords(
    graph: HarmonyGraph, history: MelodyHistory, place: Place, outlooks: Iterable[tuple[float, Outlook]]
) -> Ways:
    """Return the likeliest chord for each of some notes that may be given at `place`. Raises ModelError."""
    found = []
    for share, outlook in outlooks:
        given = outlook.given
        assert given is not None
        row = history.features(given.pitch, place, outlook, held=given.held)
        found.append(Next(share, given.pitch, max(graph.likeliest(row, given.pitch), key=itemgetter(0))[1]))
    total = sum(each.share for each in found)
    return [replace(each, share=each.share / total) for each in found]


def likely(graph: HarmonyGraph, row: FloatArray, chord: Voices, found: Sequence[Voices]) -> list[Voices]:
    """Return the figures over a chord that are likely enough beside that it stays, the likeliest first.

    row: of features, off the beat. Raises ModelError.
    """
    stays, *nats = graph.likelihoods(row, [chord, *found])
    order = sorted(range(len(found)), key=lambda index: -nats[index])
    return [found[index] for index in order if nats[index] >= stays + _MOVES]


def moves(before: Voices, after: Voices) -> frozenset[tuple[int, int]]:
    """Return the voices that moved, and where to."""
    return frozenset((voice, now) for voice, (then, now) in enumerate(zip(before, after, strict=True)) if now != then)


def directions(before: Voices, after: Voices) -> dict[int, int]:
    """Return the voices that moved, with 1 for up and -1 for down."""
    moved = enumerate(zip(before, after, strict=True))
    return {voice: 1 if now > then else -1 for voice, (then, now) in moved if now != then}


def tied(event: Event, before: Voices, pitches: Iterable[int], ticks: int) -> Event:
    """Return the event with some of its pitches held over, if they sounded before."""
    held = {*event.held, *(set(pitches) & set(before))}
    return Event(tuple(pitch for pitch in event.starts if pitch not in held), tuple(sorted(held)), ticks)


def fits(chord: Voices, moved: Voices, lowest: int, ways: Ways) -> bool:
    """Whether a figure can go on in its direction often enough, and its inner voices by step nearly always.

    lowest: the lowest pitch to play.
    """
    moving = directions(chord, moved)
    for voice, way in moving.items():
        onward = {(moved[voice] + way * by) % 12 for by in (1, STEP)}
        reached = [
            each.share for each in ways if onward & (each.harmony.pitch_classes if voice else {each.harmony.bass})
        ]
        if sum(reached) < (_ONWARD if voice else _BASS_ONWARD):
            return False
    inner = [voice for voice in moving if voice]
    room = [each.share for each in ways if has_room(each.top, each.harmony, len(chord), lowest, moved, inner)]
    return sum(room) >= _BY_STEP
