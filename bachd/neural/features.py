"""What the network sees and says: events as rows of zeros and ones, chords as symbols spelled from the top down.

Law: the layout is fixed here, once, and FINGERPRINT names it; a bundle made for another layout is refused.

The trunk reads CONTEXT rows of ROW features. The row of an event says what started, what was held and for how long, and
where in the bar the *next* event begins. The head then spells the next event: its notes from the highest down, each
as "starts" or "is held", then END; in the same call that ends the chord, its length. FINE in place of a first note ends
the piece.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Place

CONTEXT: Final = 40
"""Events that the trunk looks back on."""

LOWEST: Final = 24
"""The lowest MIDI number a model can play (C1)."""
PITCHES: Final = 72
"""How many semitones from there: up to B6."""
HIGHEST: Final = LOWEST + PITCHES - 1

LENGTHS: Final = (1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 192)
"""Ticks an event may last; what lasts otherwise is several events, the later ones all held."""

# What the head says: one symbol out of each of two groups.
START: Final = 0
"""Symbol of the lowest note that starts; the others follow."""
HOLD: Final = PITCHES
"""Symbol of the lowest note that is held."""
END: Final = 2 * PITCHES
"""Symbol that ends the chord."""
FINE: Final = END + 1
"""Symbol that ends the piece; only in place of a first note."""
SYMBOLS: Final = FINE + 1
LOGITS: Final = SYMBOLS + len(LENGTHS)
"""Width of the head's output: the symbols, then the lengths."""

# What the head is told at each call: five blocks of PITCHES columns. Chosen symbols are columns themselves.
SOUNDED: Final = 2 * PITCHES
LEADS: Final = 3 * PITCHES
_PARALLEL: Final = 4 * PITCHES
NOTES: Final = 5 * PITCHES
"""Width of the head's second input."""
_PERFECT: Final = (0, 7)
"""Semitones above which, octaves aside, a moving voice makes a parallel unison, octave or fifth."""

# What the trunk sees: the columns of a row.
_BARS: Final = (36, 48, 72, 96, 144)
_ELAPSED: Final = (2, 4, 6, 8, 12, 16, 24, 32)
_LENGTH: Final = 2 * PITCHES
_SIXTEENTH: Final = _LENGTH + len(LENGTHS)
_FINER: Final = _SIXTEENTH + 24
_BAR: Final = _FINER + 3
_COMPOUND: Final = _BAR + len(_BARS) + 1
_SINCE: Final = _COMPOUND + 1
_BEFORE: Final = _SINCE + len(_ELAPSED)
ROW: Final = _BEFORE + 1
"""Features an event."""

FINGERPRINT: Final = hashlib.sha256(
    repr(("bachd features 2", CONTEXT, LOWEST, PITCHES, LENGTHS, _BARS, _ELAPSED, ROW, NOTES, LOGITS)).encode()
).hexdigest()[:16]
"""Names this layout; a bundle's card repeats it."""


def before_start(place: Place) -> list[int]:
    """Columns set in the row before a piece's first event, which begins at `place`."""
    return [*_place_columns(place), _BEFORE]


PADDING: Final = (_BEFORE,)
"""Columns set in all rows before that one."""


def columns(event: Event, following: Place) -> list[int]:
    """Columns set in the row of an event that `conform` returned; `following` is where the next event begins."""
    found = [START + pitch - LOWEST for pitch in event.starts]
    found += [HOLD + pitch - LOWEST for pitch in event.held]
    found.append(_LENGTH + LENGTHS.index(event.ticks))
    found += _place_columns(following)
    return found


def _place_columns(place: Place) -> list[int]:
    sixteenth, finer = divmod(place.phase, 6)
    bar = place.metre.bar
    found = [_SIXTEENTH + sixteenth % 24, _BAR + (_BARS.index(bar) if bar in _BARS else len(_BARS))]
    if finer:
        found.append(_FINER + (0 if finer == 3 else 1 if finer in (2, 4) else 2))
    if place.metre.beat % 36 == 0:
        found.append(_COMPOUND)
    found += range(_SINCE, _SINCE + bisect_right(_ELAPSED, place.bar))
    return found


def possible(chosen: Sequence[int], sounded: tuple[int, ...]) -> list[int]:
    """The symbols that can follow `chosen`, ascending: spelling goes down, and only what sounded can be held.

    The sampler and the network keep to the same rules in faster ways of their own.
    """
    top = chosen[-1] % PITCHES if chosen else PITCHES
    held = [HOLD + pitch - LOWEST for pitch in sounded if pitch - LOWEST < top]
    return [*range(START, START + top), *held, END, *([] if chosen else [FINE])]


def told(chosen: Sequence[int], sounded: tuple[int, ...]) -> list[int]:
    """Columns set in the head's second input when `chosen` is spelled, after an event in which `sounded` was heard.

    They are the chosen notes; what sounded; the note that the voice now to be spelled comes from, voices being counted
    from the top; and the pitches on which that voice would make a parallel with one above it. A small network cannot
    see parallels by itself, for it would have to learn each pair of pitches apart; told of them, it learns how seldom
    Bach writes them.
    """
    found = list(chosen)
    found += [SOUNDED + pitch - LOWEST for pitch in sounded]
    voice = len(chosen)
    if voice >= len(sounded):
        return found
    before = sounded[::-1]
    lead = before[voice]
    found.append(LEADS + lead - LOWEST)
    for symbol, origin in zip(chosen, before, strict=False):
        pitch = LOWEST + symbol % PITCHES
        interval = (origin - lead) % 12
        if interval in _PERFECT and pitch != origin:
            below = LOWEST + chosen[-1] % PITCHES
            within = range(max(LOWEST, lead - 12), min(below, lead + 13))  # voices do not leap further
            found += [_PARALLEL + p - LOWEST for p in within if p != lead and (pitch - p) % 12 == interval]
    return found


def conform(event: Event) -> tuple[Event, ...]:
    """The event in terms of this layout: notes outside the range moved by octaves, odd lengths cut into several."""
    if event.ticks in LENGTHS and all(LOWEST <= pitch <= HIGHEST for pitch in event.sounding):
        return (event,)
    starts = {_fold(pitch) for pitch in event.starts}
    held = {_fold(pitch) for pitch in event.held} - starts
    parts = []
    left = event.ticks
    while left:
        ticks = LENGTHS[bisect_right(LENGTHS, left) - 1]
        parts.append(Event(tuple(sorted(starts)), tuple(sorted(held)), ticks))
        starts, held = set(), starts | held
        left -= ticks
    return tuple(parts)


def _fold(pitch: int) -> int:
    if pitch < LOWEST:
        return LOWEST + (pitch - LOWEST) % 12
    if pitch > HIGHEST:
        return HIGHEST - 11 + (pitch - HIGHEST + 11) % 12
    return pitch


def spell(event: Event, sounded: tuple[int, ...]) -> tuple[list[int], int]:
    """The symbols of a conforming event, highest note first and END last, and the index of its length in LENGTHS.

    `sounded` are the pitches of the event before: a note can only be held if it was among them, and starts otherwise.
    """
    held = set(event.held).intersection(sounded)
    symbols = [(HOLD if pitch in held else START) + pitch - LOWEST for pitch in reversed(event.sounding)]
    return [*symbols, END], LENGTHS.index(event.ticks)
