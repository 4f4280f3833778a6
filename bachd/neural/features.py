"""What the network sees and says: events as rows of zeros and ones, chords as symbols spelled from the top down.

Law: the layout is fixed here, once, and FINGERPRINT names it; a bundle made for another layout is refused.

The trunk reads CONTEXT rows of ROW features. The row of an event says what started, what was held and for how long,
where in the bar the *next* event begins, and once more in intervals what it says in pitches: the chord above its bass,
and the step of each voice. The head then spells the next event: its notes from the highest down, each as "starts" or
"is held", then END; in the same call that ends the chord, its length. END_OF_PIECE in place of a first
note ends the piece.

Voices are counted from the top throughout. Intervals are there because a small network that sees only pitches has to
learn each figure anew in each key.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bachd.music.event import Event
from bachd.music.metre import Place
from bachd.neural import outlook as ahead
from bachd.neural.outlook import NOWHERE, Outlook

FloatArray: TypeAlias = npt.NDArray[np.float32]

CONTEXT: Final = 40
"""Events that the trunk looks back on."""

LOWEST: Final = ahead.LOWEST
"""The lowest MIDI number a model can play (C1)."""
PITCHES: Final = ahead.PITCHES
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
END_OF_PIECE: Final = END + 1
"""Symbol that ends the piece; only in place of a first note."""
SYMBOLS: Final = END_OF_PIECE + 1
LOGITS: Final = SYMBOLS + len(LENGTHS)
"""How many answers there are: the symbols, then the lengths."""

VOICES: Final = 4
"""Voices whose steps are shown, from the top."""
_STEP: Final = 13
"""The widest step, in semitones, that a column of its own stands for; wider ones share one at each end."""
STEPS: Final = 2 * _STEP + 1
"""Columns of a voice's step."""
SPAN: Final = 24
"""The same for the distance of a note from an anchor."""
SPANS: Final = 2 * SPAN + 1

# By a difference of two MIDI numbers, negative ones from the end: which column of a block stands for it.
NEAR: Final = [SPAN + max(-SPAN, min(SPAN, n if n < 128 else n - 256)) for n in range(256)]
CLOSE: Final = [_STEP + max(-_STEP, min(_STEP, n if n < 128 else n - 256)) for n in range(256)]

# What the head is told at each call: five blocks of PITCHES columns, then intervals. Chosen symbols are columns.
SOUNDED: Final = 2 * PITCHES
LEADS: Final = 3 * PITCHES
PARALLEL: Final = 4 * PITCHES
INTERVALS: Final = 5 * PITCHES
"""The first column that speaks of intervals."""
CHOSEN: Final = INTERVALS
LEFT: Final = CHOSEN + SPANS
MOVED: Final = LEFT + SPANS
TONICS: Final = MOVED + VOICES * STEPS
"""The first of 24 columns: the tonic of the home key, then that of the present key."""
NOTES: Final = TONICS + 24
"""Width of the head's second input."""
DEGREES: Final = LOGITS + 2 * SPANS
"""The first of 24 answers: semitones of a note above the tonic of the home key, then above that of the present key."""
SAID: Final = DEGREES + 24
"""Width of the head's output: a logit for each answer, then for each distance of a note from the two anchors, then for
each degree."""

# What the trunk sees: the columns of a row.
_BARS: Final = (36, 48, 72, 96, 144)
_ELAPSED: Final = (2, 4, 6, 8, 12, 16, 24, 32)
LENGTH: Final = 2 * PITCHES
"""The first column that says how long the event lasts."""
PLACE: Final = LENGTH + len(LENGTHS)
"""The first column that says where in the bar, and how far in the piece, the next event begins."""
_FINER: Final = PLACE + 24
_BAR: Final = _FINER + 3
_COMPOUND: Final = _BAR + len(_BARS) + 1
_SINCE: Final = _COMPOUND + 1
BEFORE: Final = _SINCE + len(_ELAPSED)
"""The column that is set in the rows before the first event."""
BASS: Final = BEFORE + 1
"""The first of 12 columns: the pitch class of the lowest note, from C. From here on a row speaks of intervals."""
ABOVE: Final = BASS + 12
"""The first of 12 columns: what sounds, in semitones above the lowest note."""
STEPPED: Final = ABOVE + 12
"""The first of STEPS columns for each of VOICES voices, from the top: the step that it made."""
OUTLOOK: Final = STEPPED + VOICES * STEPS
"""The first column that says what is known of the next event; see `outlook`."""
DEGREE: Final = OUTLOOK + ahead.WIDTH
"""The first of 36 columns: what sounds, in semitones above the home tonic; bass and top above the present tonic."""
ROW: Final = DEGREE + 36
"""Features an event."""
EARLIER: Final = (OUTLOOK, TONICS, DEGREES)
"""Widths of a row, of the head's second input and of its output in the layout before, which is a part of this one."""


def _fingerprint(*named: object) -> str:
    return hashlib.sha256(repr(named).encode()).hexdigest()[:16]


FINGERPRINT: Final = _fingerprint(
    "bachd features 4", CONTEXT, LOWEST, PITCHES, LENGTHS, _BARS, _ELAPSED, ROW, NOTES, SAID
)
"""Names this layout; a bundle's card repeats it."""
EARLIER_FINGERPRINT: Final = _fingerprint(
    "bachd features 3", CONTEXT, LOWEST, PITCHES, LENGTHS, _BARS, _ELAPSED, *EARLIER
)
"""The same for the layout before; its bundles play on, without a view of the plan."""


def before_start(place: Place, outlook: Outlook = NOWHERE) -> list[int]:
    """Columns set in the row before a piece's first event, which begins at `place`."""
    return [*place_columns(place), BEFORE, *outlook_columns(outlook)]


def outlook_columns(outlook: Outlook) -> list[int]:
    """Columns that say what is known of the event that follows a row."""
    return [OUTLOOK + column for column in ahead.columns(outlook)]


PADDING: Final = (BEFORE,)
"""Columns set in all rows before that one."""


def columns(event: Event, sounded: tuple[int, ...], following: Place, outlook: Outlook = NOWHERE) -> list[int]:
    """Columns set in the row of an event that `to_layout` returned.

    `sounded` are the pitches of the event before, none at the start; `following` is where the next event begins, and
    `outlook` what is known of it.
    """
    found = [START + pitch - LOWEST for pitch in event.starts]
    found += [HOLD + pitch - LOWEST for pitch in event.held]
    found.append(LENGTH + LENGTHS.index(event.ticks))
    found += place_columns(following)
    sounding = event.sounding
    if sounding:
        bass = sounding[0]
        found.append(BASS + bass % 12)
        found += {ABOVE + (pitch - bass) % 12 for pitch in sounding}
        found += steps(STEPPED, sounded[::-1], sounding[::-1])
        if outlook.home is not None:
            found += {DEGREE + (pitch - outlook.home.tonic) % 12 for pitch in sounding}
        if outlook.key is not None:
            found.append(DEGREE + 12 + (bass - outlook.key.tonic) % 12)
            found.append(DEGREE + 24 + (sounding[-1] - outlook.key.tonic) % 12)
    return found + outlook_columns(outlook)


def steps(block: int, before: Sequence[int], after: Sequence[int]) -> list[int]:
    """A column for each of the first VOICES voices: the interval from its pitch in `before` to that in `after`."""
    return [
        first + CLOSE[now - then]
        for first, then, now in zip(range(block, block + VOICES * STEPS, STEPS), before, after, strict=False)
    ]


def place_columns(place: Place) -> list[int]:
    """Columns that say where the event that follows a row begins."""
    sixteenth, finer = divmod(place.phase, 6)
    bar = place.metre.bar
    found = [PLACE + sixteenth % 24, _BAR + (_BARS.index(bar) if bar in _BARS else len(_BARS))]
    if finer:
        found.append(_FINER + (0 if finer == 3 else 1 if finer in (2, 4) else 2))
    if place.metre.beat % 36 == 0:
        found.append(_COMPOUND)
    found += range(_SINCE, _SINCE + bisect_right(_ELAPSED, place.bar))
    return found


def to_layout(event: Event) -> tuple[Event, ...]:
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
