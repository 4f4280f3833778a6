"""How the head spells a chord: what it is told before each symbol, and what its answers mean.

Law: a chord is spelled from the highest note down; an event and the pitches that sounded before it determine the
symbols, and the symbols determine the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bachd.music.event import Event
from bachd.neural import features
from bachd.neural.features import (
    CHOSEN,
    DEGREES,
    END,
    END_OF_PIECE,
    HIGHEST,
    HOLD,
    LEADS,
    LEFT,
    LENGTHS,
    LOGITS,
    LOWEST,
    MOVED,
    NEAR,
    PARALLEL,
    PITCHES,
    SAID,
    SOUNDED,
    SPAN,
    SPANS,
    START,
    TONICS,
    FloatArray,
)
from bachd.neural.outlook import NOWHERE, Outlook

_PERFECT: Final = (0, 7)
"""Semitones above which, octaves aside, a moving voice makes a parallel unison, octave or fifth."""
_FROM_TONIC: Final = (np.arange(12) + LOWEST - np.arange(12)[:, None]) % 12
"""Shape (12, 12): by tonic, how many semitones each pitch class lies above it, from that of LOWEST on."""


def possible(chosen: Sequence[int], sounded: tuple[int, ...]) -> list[int]:
    """The symbols that can follow `chosen`, ascending: spelling goes down, and only what sounded can be held.

    The sampler and the network keep to the same rules in faster ways of their own.
    """
    top = chosen[-1] % PITCHES if chosen else PITCHES
    held = [HOLD + pitch - LOWEST for pitch in sounded if pitch - LOWEST < top]
    return [*range(START, START + top), *held, END, *([] if chosen else [END_OF_PIECE])]


def head_input_columns(chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE) -> list[int]:
    """Columns set in the head's second input when `chosen` is spelled, after an event in which `sounded` was heard.

    They are the chosen notes; what sounded; the note that the voice now to be spelled comes from; the pitches on which
    that voice would make a parallel with one above it; and, in intervals, the chosen notes and what sounded as seen
    from the note that the voice comes from, the steps of the voices above, and the tonics. A small network cannot see
    parallels by itself, for it would have to learn each pair of pitches apart; told of them, it learns how seldom Bach
    writes them.
    """
    before = sounded[::-1]
    pitches = [LOWEST + symbol % PITCHES for symbol in chosen]
    found = list(chosen)
    found += [SOUNDED + pitch - LOWEST for pitch in sounded]
    found += features.steps(MOVED, before, pitches)
    if len(chosen) < len(before):
        found.append(LEADS + before[len(chosen)] - LOWEST)
        found += [PARALLEL + pitch - LOWEST for pitch in parallels(chosen, sounded)]
    origin, _ = anchors(chosen, sounded)
    if origin is not None:
        found += [CHOSEN + NEAR[pitch - origin] for pitch in pitches]
        found += [LEFT + NEAR[pitch - origin] for pitch in sounded]
    found += [
        TONICS + 12 * index + key.tonic for index, key in enumerate((outlook.home, outlook.key)) if key is not None
    ]
    return found


def anchors(chosen: Sequence[int], sounded: tuple[int, ...]) -> tuple[int | None, int | None]:
    """The two pitches that the next note is seen from; None where there is none.

    The first is the one that its voice comes from; a voice from nowhere is seen from the one above it. The second is
    the voice above it; for the top voice, the bass that sounded.
    """
    above = LOWEST + chosen[-1] % PITCHES if chosen else None
    origin = sounded[-1 - len(chosen)] if len(chosen) < len(sounded) else above
    return origin, above if above is not None or not sounded else sounded[0]


def to_logits(
    said: FloatArray, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
) -> FloatArray:
    """What the head says, shape (SAID,), as logits, shape (LOGITS,), a view into `said`, which is changed.

    The logit of a starting note is the sum of what is said of its pitch, of its distances from the anchors, and of its
    degrees in the two keys. So a figure that is learned in one key is known in all.
    """
    logits = said[:LOGITS]
    first = LOGITS + SPAN
    for anchor in anchors(chosen, sounded):
        if anchor is not None:
            low, high = max(LOWEST - anchor, -SPAN), min(HIGHEST - anchor, SPAN)
            at = START + anchor - LOWEST
            logits[at + low : at + high + 1] += said[first + low : first + high + 1]
        first += SPANS
    if len(said) == SAID:
        for first, key in ((DEGREES, outlook.home), (DEGREES + 12, outlook.key)):
            if key is not None:
                by_class = said[first : first + 12][_FROM_TONIC[key.tonic]]
                logits[START : START + PITCHES].reshape(-1, 12)[:] += by_class
    return logits


def parallels(chosen: Sequence[int], sounded: tuple[int, ...]) -> list[int]:
    """The pitches on which the next voice would run in parallel unisons, octaves or fifths with one above it."""
    voice = len(chosen)
    if not 0 < voice < len(sounded):
        return []
    before = sounded[::-1]
    lead, above = before[voice], LOWEST + chosen[-1] % PITCHES
    within = range(max(LOWEST, lead - 12), min(above, lead + 13))  # voices do not leap further
    found = []
    for symbol, origin in zip(chosen, before, strict=False):
        pitch, interval = LOWEST + symbol % PITCHES, (origin - lead) % 12
        if interval in _PERFECT and pitch != origin:
            found += [p for p in within if p != lead and (pitch - p) % 12 == interval]
    return found


def spell(event: Event, sounded: tuple[int, ...]) -> tuple[list[int], int]:
    """The symbols of a conforming event, highest note first and END last, and the index of its length in LENGTHS.

    `sounded` are the pitches of the event before: a note can only be held if it was among them, and starts otherwise.
    """
    held = set(event.held).intersection(sounded)
    symbols = [(HOLD if pitch in held else START) + pitch - LOWEST for pitch in reversed(event.sounding)]
    return [*symbols, END], LENGTHS.index(event.ticks)
