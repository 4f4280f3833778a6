"""Spell an event as symbols, highest note first, and convert the symbols chosen to an event.

Law: nothing here depends on the model or draws a random number.
"""

from __future__ import annotations

from bisect import bisect_right
from math import log

import numpy as np

from bachd.music import hands
from bachd.music.event import Event
from bachd.neural.features import END, END_OF_PIECE, HOLD, LENGTHS, LOWEST, PITCHES, START, FloatArray
from bachd.neural.sampling.guidance import Guidance, Recalled


def recalled_symbol(guidance: Guidance, chosen: list[int]) -> Recalled | None:
    """Return what is recalled for the next symbol, after those chosen."""
    if not chosen:
        return guidance.top
    bottom = guidance.bottom
    if bottom is None or len(chosen) < guidance.voices - 1:
        return None
    if chosen[-1] % PITCHES == bottom.choice % PITCHES:
        return Recalled(END, bottom.odds)
    return bottom


def limit_lengths(lengths: FloatArray, guidance: Guidance) -> None:
    """Rule out lengths that would miss the place where the event has to end, and shift the odds of the others."""
    if guidance.lean is not None:
        guidance.lean.shift_lengths(lengths)
    if guidance.exactly is not None:
        nearest = max(0, bisect_right(LENGTHS, guidance.exactly) - 1)
        lengths[:nearest] = lengths[nearest + 1 :] = -np.inf
    elif guidance.longest is not None:
        lengths[max(1, bisect_right(LENGTHS, guidance.longest)) :] = -np.inf


def go_below(symbols: FloatArray, symbol: int) -> None:
    """Rule out what cannot follow a note: spelling goes down, and a piece ends only in place of a first note."""
    step = symbol % PITCHES
    symbols[step:PITCHES] = symbols[HOLD + step : HOLD + PITCHES] = symbols[END_OF_PIECE] = -np.inf


def keep_in_hands(symbols: FloatArray, chosen: list[int]) -> None:
    """Rule out what two hands cannot hold together with the notes chosen: the right one takes all that it can."""
    left = next((symbol % PITCHES for symbol in chosen if chosen[0] % PITCHES - symbol % PITCHES > hands.SPAN), 0)
    if left > hands.SPAN:
        lowest = left - hands.SPAN
        symbols[START : START + lowest] = symbols[HOLD : HOLD + lowest] = -np.inf


def excess(free: FloatArray, bound: FloatArray) -> float:
    """Nats by which a restricted choice is less likely than a free one: the weight of a twisted particle filter."""
    highest = free.max()
    left = np.exp(bound - highest).sum()
    return log(float(np.exp(free - highest).sum())) - log(max(float(left), 1e-30))


def to_event(chosen: list[int], ticks: int) -> Event:
    """The event that these symbols, highest first, spell."""
    starts = tuple([symbol + LOWEST for symbol in reversed(chosen) if symbol < HOLD])
    held = tuple([symbol - HOLD + LOWEST for symbol in reversed(chosen) if symbol >= HOLD])
    return Event(starts, held, ticks)
