"""Score composed bars by their faults: those that a teacher of harmony would mark, and a strange key.

Law: the critic is a guard and not a goal. It counts faults and rewards nothing, so music without any is as good as all
other such music, and chance decides among it.

Choosing what grades best among many gives music that is easier to distinguish from Bach's than what comes first. So
add only faults here, each weighted by how rare it is in Bach, and never a virtue.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final

from bachd.music import chords, hands, keys, voices
from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.neural.planning.texture import Texture

LOST: Final = 1.0
"""A third event in a row, or a later one, with fewer voices than usual."""
PARALLEL: Final = 0.4
"""Two voices that keep a unison, an octave or a fifth: where they share notes, or where no other note would do."""
OUTSIDE: Final = 0.5
"""A note outside the range of its voice."""
UNRESOLVED: Final = 1.3
"""A dissonance that neither of its notes leaves by step."""
INVERTED: Final = 0.3
"""A triad in second inversion that lasts for a quarter note or longer."""
LEAP: Final = 0.7
"""A seventh or more than an octave in a voice; where voices come and go, one line is often two, and may leap."""
STRETCHED: Final = 0.5
"""A chord that two hands cannot hold."""
STILL: Final = 0.5
"""An event in which nothing starts: a note that is cut in two, or a chord that only loses one."""
FOREIGN: Final = 1.5
"""By how much the music fits its key worse than usual, in units of correlation."""
_USUAL: Final = 0.6
"""Correlation with its key of two bars of Bach; what fits better is not rewarded."""
_SELDOM: Final = 0.45
"""The same where voices come and go: a tenth of Bach's bars fit worse."""
ASTRAY: Final = 2.0
"""By how much better than home another key fits the piece so far, or bars that have to be in a certain key."""
ELSEWHERE: Final = 4.0
"""The same of bars that have to be in a certain key, where voices come and go."""
BROKEN: Final = 0.3
"""A dissonance that neither of its notes leaves by step, where voices come and go and chords are broken."""
CLASH: Final = 0.4
"""Two notes a second apart that are struck together, or less than a fourth in the bass, where voices come and go."""
EARLY: Final = 0.7
"""A chord on which all voices rest and after which all begin anew, before the phrase is over."""
_BASS: Final = 48
"""Below this pitch, C3, notes that are closer than _FOURTH sound muddy."""
_FOURTH: Final = 5
_CLOSING: Final = (5, -7)
"""Steps of the bass from the dominant to the tonic."""


def faults(texture: Texture, before: Event, events: Sequence[Event], key: Key, goal: int) -> float:
    """Return the penalty of events that follow `before` and are to be in `key`; 0 is none.

    goal: ticks from the first of them to where the phrase comes to rest.
    """
    found = 0.0
    lost = 0
    full = texture.voices if texture.ranges else 0
    earlier = before
    for event in events:
        if event.sounding:
            found += STILL * (not event.starts)
            lost = (
                lost + 1 if len(event.sounding) < full and event.starts else 0 if len(event.sounding) >= full else lost
            )
            found += LOST * (lost > 2)
            if not full:
                found += _moves(earlier, event)
            if len(event.sounding) == len(texture.ranges):
                found += OUTSIDE * sum(
                    not low <= pitch <= high
                    for pitch, (low, high) in zip(event.sounding, texture.ranges, strict=True)
                    if pitch in event.starts
                )
            if not texture.ranges and len(event.sounding) > 2:
                found += STRETCHED * (not hands.fit(event.sounding))
        earlier = event
    if not full:
        found += CLASH * sum(map(_clashes, events)) + BROKEN * _left((before, *events))
    if full > 2:
        found += _dissonances((before, *events)) + EARLY * _early_rests(events, full, goal)
        found += _led((before, *events), full)
    fit = keys.correlation(keys.weights(events), key)
    return found + FOREIGN * max(0.0, (_USUAL if full else _SELDOM) - fit)


def astray(texture: Texture, piece: Sequence[float], events: Sequence[Event], home: Key, closing: Key | None) -> float:
    """How much speaks against some events because of the key of the piece that they belong to.

    piece: how long each pitch class has sounded before them. closing: the key that they themselves have to be in.
    """
    found = keys.weights(events)
    strayed = keys.rivalry([before + now for before, now in zip(piece, found, strict=True)], home)
    elsewhere = keys.rivalry(found, closing) if closing else 0.0
    return ASTRAY * strayed + (ASTRAY if texture.ranges else ELSEWHERE) * elsewhere


def _led(events: Sequence[Event], count: int) -> float:
    """Faults in how so many voices move, those that share a note among them; after a rest they begin anew."""
    found = 0.0
    for sounds, run in groupby(events, key=lambda event: 0 < len(event.sounding) <= count):
        if sounds:
            for old, new in pairwise(voices.assign([event.sounding for event in run], count)):
                found += PARALLEL * voices.parallels(old, new) + LEAP * sum(map(_leaps, old, new))
    return found


def _leaps(pitch: int, after: int) -> bool:
    """Whether a voice leaps by a seventh or by more than an octave."""
    return abs(after - pitch) in (10, 11) or abs(after - pitch) > 12


def _moves(before: Event, event: Event) -> float:
    """Faults in how free voices get from one event to the next."""
    old, new = before.sounding, event.sounding
    if len(old) < 2 or not event.starts:
        return 0.0
    return PARALLEL * (len(new) > 1 and _has_parallels(old, new))


def _has_parallels(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether voices move in parallel perfect intervals: each to its own note, or to the nearest where one is lost."""
    few, many = (old, new) if len(old) < len(new) else (new, old)
    if len(few) == len(many):
        pairs = list(zip(old, new, strict=True))
    else:
        pairs = [(pitch, min(many, key=lambda other: abs(other - pitch))) for pitch in few]
    return any(
        low != low_to
        and high != high_to
        and (low_to > low) == (high_to > high)
        and (high - low) % 12 in (0, 7)
        and (high_to - low_to) % 12 == (high - low) % 12
        for index, (low, low_to) in enumerate(pairs)
        for high, high_to in pairs[index + 1 :]
    )


def _dissonances(events: Sequence[Event]) -> float:
    """Unresolved dissonances and second inversions in four-part music."""
    found = 0.0
    for event, after in pairwise(events):
        pitches = event.sounding
        if len(pitches) < 3:
            continue
        bass = pitches[0]
        classes = {(pitch - bass) % 12 for pitch in pitches}
        if event.ticks >= TICKS and classes in ({0, 5, 9}, {0, 5, 8}):
            found += INVERTED
        if len(after.sounding) == len(pitches) and classes & {1, 2, 10, 11, 5}:
            found += UNRESOLVED * _unresolved(pitches, after.sounding)
    return found


def _early_rests(events: Sequence[Event], voices: int, goal: int) -> int:
    """Triads before the goal that sound like it: long, or reached from the dominant, and all voices begin anew then."""
    count = tick = 0
    bass = 0
    for event, after in pairwise(events):
        if tick + event.ticks >= goal:
            break
        step, bass = (event.sounding[0] - bass, event.sounding[0]) if event.sounding else (0, 0)
        closes = event.ticks > TICKS or (event.ticks == TICKS and step in _CLOSING)
        if closes and len(event.sounding) >= voices and not after.held:
            chord = chords.identify(event.sounding)
            count += chord is not None and chord.consonant and event.sounding[0] % 12 == chord.root
        tick += event.ticks
    return count


def _left(events: Sequence[Event]) -> int:
    """Dissonances that both of their notes leave by leap, where as many notes follow."""
    pairs = [(event.sounding, after.sounding) for event, after in pairwise(events)]
    return sum(_unresolved(pitches, after) for pitches, after in pairs if len(pitches) == len(after))


def _clashes(event: Event) -> bool:
    """Whether an event strikes two notes that lie a second apart, or has notes too close to each other in the bass."""
    struck = any(high - low < 3 for low, high in pairwise(event.starts))
    return struck or any(low < _BASS and high - low < _FOURTH for low, high in pairwise(event.sounding))


def _unresolved(pitches: tuple[int, ...], after: tuple[int, ...]) -> int:
    """Pairs of voices that leave a second, a seventh or a fourth over the bass, both by leap."""
    count = 0
    for low, pitch in enumerate(pitches):
        for high in range(low + 1, len(pitches)):
            interval = (pitches[high] - pitch) % 12
            if interval in (1, 2, 10, 11) or (interval == 5 and low == 0):
                count += abs(after[low] - pitch) > 2 and abs(after[high] - pitches[high]) > 2
    return count
