"""Restrict the spelling of an event to one chord, or to some ways to set one out.

Law: a mask only rules symbols out, and never all that are left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bachd.neural.features import END, HOLD, LOWEST, PITCHES, START, SYMBOLS, FloatArray
from bachd.neural.sampling.guidance import Chord


class ChordMask:
    """Restricts a spelling to the notes of one chord, with its bass at the bottom."""

    def __init__(self, chord: Chord, pitches: range) -> None:
        basses = [pitch for pitch in pitches if chord.bass in (None, pitch % 12)]
        self._voices = chord.voices
        self._bass = chord.bass
        self.first = np.full(SYMBOLS, -np.inf, np.float32)
        self.first[END] = 0
        allowed = [pitch for pitch in pitches if pitch % 12 in chord.pitch_classes]
        self._others = [
            symbol + pitch - LOWEST
            for pitch in allowed
            if chord.bass not in (None, pitch % 12)
            for symbol in (START, HOLD)
        ]
        for pitch in allowed:
            if basses and pitch >= basses[0]:  # from below it no bass can be reached
                self.first[[START + pitch - LOWEST, HOLD + pitch - LOWEST]] = 0
        self._top, third = (
            [symbol + pitch - LOWEST for pitch in allowed if pitch % 12 in wanted for symbol in (START, HOLD)]
            for wanted in (chord.tops, {chord.third})
        )
        self._third = set(third)

    def may_end(self, chosen: list[int]) -> bool:
        """Whether the symbols chosen are all of the chord."""
        on_bass = bool(chosen) and self._bass in (None, (chosen[-1] % PITCHES + LOWEST) % 12)
        return on_bass and len(chosen) >= self._voices

    def narrow(self, symbols: FloatArray, chosen: list[int]) -> None:
        """Keep to what the chord still needs, as far as there is any of it; `first` has been added."""
        lacks_third = self._voices > 2 and bool(self._third) and self._third.isdisjoint(chosen)
        if lacks_third and (reachable := [s % PITCHES for s in self._third if np.isfinite(symbols.item(s))]):
            lowest = min(reachable)  # from below it no third can be reached
            symbols[START : START + lowest] = symbols[HOLD : HOLD + lowest] = -np.inf
        if not chosen:
            _keep(symbols, self._top)
        if chosen and len(chosen) >= self._voices - 2 and lacks_third:
            _keep(symbols, list(self._third))
        elif len(chosen) >= self._voices - 1:
            kept = symbols[self._others]
            symbols[self._others] = -np.inf
            if not np.isfinite(symbols.max()):
                symbols[self._others] = kept


def keep_to_voicings(symbols: FloatArray, chosen: list[int], voicings: Sequence[tuple[int, ...]]) -> None:
    """Rule out what does not lead on to one of some chords, given as pitches from the top down, if anything does."""
    if not voicings:
        return
    begun, at = tuple([LOWEST + symbol % PITCHES for symbol in chosen]), len(chosen)
    wanted = set()
    for each in voicings:
        if each[:at] == begun:
            wanted |= {each[at] - LOWEST + START, each[at] - LOWEST + HOLD} if len(each) > at else {END}
    _keep(symbols, list(wanted))


def _keep(symbols: FloatArray, wanted: list[int]) -> None:
    """Rule out all symbols but some, if any of these may be taken."""
    if wanted and np.isfinite(symbols[wanted].max()):
        kept = symbols[wanted]
        symbols.fill(-np.inf)
        symbols[wanted] = kept
