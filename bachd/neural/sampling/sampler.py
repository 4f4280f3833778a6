"""From logits to one event: temperature, top-p, the rules of spelling, and what the plan and the memory wish.

Law: every event drawn is one that the layout can say and the pitch range allows; the same model, numbers from `rng` and
arguments give the same event.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from random import Random
from typing import Final

import numpy as np

from bachd.music import hands
from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.piece import Chance, Piece
from bachd.neural import chord_spelling, features
from bachd.neural.features import END, END_OF_PIECE, HOLD, LENGTHS, LOWEST, START, SYMBOLS, FloatArray
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling import key_bias
from bachd.neural.sampling.chord_mask import ChordMask, keep_to_voicings
from bachd.neural.sampling.guidance import FREE, Chord, Guidance
from bachd.neural.sampling.nucleus import COLD, draw, ends, shares
from bachd.neural.sampling.seed_range import range_near
from bachd.neural.sampling.spelling import excess, go_below, keep_in_hands, limit_lengths, recalled_symbol, to_event

MOST_NOTES: Final = 16
"""Notes a chord may have: one for each MIDI channel."""
_FIRM: Final = 0.8
"""How strongly notes are drawn to the key towards the end, at least, where they are at all."""


class Sampler:
    """Spells events, highest note first. Not for use by several threads at once."""

    def __init__(
        self,
        model: Model,
        rng: Random,
        *,
        temperature: float,
        top_p: float,
        pitches: tuple[int, int],
        leading: bool = False,
        key: float = 0.0,
        length_temperature: float | None = None,
        length_top_p: float | None = None,
        seed_range: bool = False,
    ) -> None:
        """`temperature` 0 always takes the likeliest; `pitches` are the lowest and the highest MIDI number to play.

        leading: whether to keep a voice from starting a note in parallel unisons, octaves or fifths with one above it,
        voices being counted from the top. key: how strongly notes are drawn to the pitch classes given to
        `adapt`; 0 is not at all. length_temperature, length_top_p: the same for lengths; None is as for notes.
        seed_range: whether to stay near the range of the piece given to `adapt`.
        """
        self._model = model
        self.rng = rng
        self.temperature = temperature
        self._top_p = top_p
        self._length_temperature = temperature if length_temperature is None else length_temperature
        self._length_top_p = top_p if length_top_p is None else length_top_p
        self._leading = leading
        self._limits = max(pitches[0], LOWEST), min(pitches[1], features.HIGHEST)
        self._seed_range = seed_range
        self._key = key
        self._counts = np.ones(12, np.float32)
        self._hands = False
        self._biases: dict[tuple[Key | None, Key | None, bool], FloatArray] = {}
        self._chords: dict[Chord, ChordMask] = {}
        self._mask, self._symbols = np.empty((2, SYMBOLS), np.float32)
        self._lengths = np.empty(len(LENGTHS), np.float32)
        self._set_range(self._limits)
        self.cost = 0.0
        """Nats by which the chords asked for since this was last set to 0 were unlikely."""

    def _set_range(self, limits: tuple[int, int]) -> None:
        self.pitches = range(limits[0], limits[1] + 1)
        """The pitches that may be drawn."""
        self._first = np.full(SYMBOLS, -np.inf, np.float32)  # added to the logits: what may begin a chord, holds apart
        self._first[[*(pitch - LOWEST for pitch in self.pitches), END, END_OF_PIECE]] = 0
        self._biases.clear()
        self._chords.clear()

    def adapt(self, piece: Piece) -> None:
        """From now on draw notes to the pitch classes that `piece` uses, the more the more it uses them.

        A network that looks back on CONTEXT events forgets the key that it came from and in the end has none. So the
        logit of each starting note gets `key` times the logarithm of the share of its pitch class in the piece: a
        cache in the sense of Kuhn and De Mori 1990 ("A cache-based natural language model for speech recognition"),
        multiplied rather than mixed in. Where a phrase is in another key than its piece, the typical profile of that
        key takes the piece's place.
        """
        self._counts = key_bias.profile(piece)
        self._hands = hands.hold(piece.events)
        self._set_range(range_near(piece, self._limits) if self._seed_range else self._limits)

    def sample(
        self,
        hidden: Int8Array,
        sounded: tuple[int, ...],
        guidance: Guidance = FREE,
        outlook: Outlook = NOWHERE,
        *,
        temperature_boost: float = 0.0,
        given: Sequence[int] = (),
    ) -> Event | None:
        """Draw the event after one in which the pitches `sounded` were heard; None when the piece ends instead.

        hidden: the trunk's output, shape (1, D). outlook: what is known of the event. temperature_boost: is added to
        the temperature. given: symbols of the highest notes, from the top down, which are not drawn then.
        """
        chosen = list(given)
        mask = self._start_mask(sounded, guidance, chosen)
        while True:
            logits = self._model.head_logits(hidden, chosen, sounded, outlook)
            if len(chosen) == MOST_NOTES:
                break
            symbols = np.add(logits[:SYMBOLS], mask, out=self._symbols)
            self._forbid(symbols, chosen, sounded, guidance)
            if guidance.chord is not None:
                self.cost += excess(logits[:SYMBOLS], symbols)
            recalled = recalled_symbol(guidance, chosen)
            warmth = self.temperature + temperature_boost
            if chosen and recalled is None and guidance.is_free and ends(symbols, END, warmth, self.rng):
                break
            symbol = draw(symbols, warmth, self._top_p, self.rng, recalled)
            if symbol == END_OF_PIECE:
                return None
            if symbol == END:
                break
            chosen.append(symbol)
            go_below(mask, symbol)
        lengths = self._lengths
        lengths[:] = logits[SYMBOLS:]
        limit_lengths(lengths, guidance)
        temperature = self._length_temperature + temperature_boost
        return to_event(chosen, LENGTHS[draw(lengths, temperature, self._length_top_p, self.rng, guidance.length)])

    def likeliest(
        self,
        hidden: Int8Array,
        sounded: tuple[int, ...],
        most: int,
        guidance: Guidance = FREE,
        outlook: Outlook = NOWHERE,
    ) -> tuple[Chance, ...]:
        """What `sample` would draw from, the likeliest first, at most so many; no top-p, and no number from `rng`.

        Spells all chords at once and keeps the `most` likeliest beginnings at each note: a beam search, which may miss
        a chord that begins unlikely. Asks the model about `most` times as often as `sample` does.
        """
        temperature, length_temperature = max(self.temperature, COLD), max(self._length_temperature, COLD)
        beginnings: list[tuple[float, list[int]]] = [(1.0, [])]
        found: list[Chance] = []
        while beginnings:
            longer: list[tuple[float, list[int]]] = []
            for share, chosen in beginnings:
                logits = self._model.head_logits(hidden, chosen, sounded, outlook)
                row = logits[SYMBOLS:].copy()
                limit_lengths(row, guidance)
                lengths = shares(row / length_temperature, guidance.length)
                symbols = self._allowed(logits[:SYMBOLS], chosen, sounded, guidance)
                chances = shares(symbols / temperature, recalled_symbol(guidance, chosen))
                for symbol in np.argsort(-chances, kind="stable")[:most].tolist():
                    so_far = share * chances.item(symbol)
                    if symbol == END_OF_PIECE:
                        found.append((None, so_far))
                    elif symbol == END:
                        found += [
                            (to_event(chosen, LENGTHS[length]), so_far * lengths.item(length))
                            for length in np.argsort(-lengths, kind="stable")[:most].tolist()
                        ]
                    elif len(chosen) < MOST_NOTES - 1:
                        longer.append((so_far, [*chosen, symbol]))
            found = sorted(found, key=itemgetter(1), reverse=True)[:most]
            least = found[-1][1] if len(found) == most else 0.0
            longer.sort(key=itemgetter(0), reverse=True)
            beginnings = [(share, chosen) for share, chosen in longer[:most] if share > least]
        return tuple(found)

    def _allowed(
        self, logits: FloatArray, chosen: list[int], sounded: tuple[int, ...], guidance: Guidance
    ) -> FloatArray:
        """The logits of the symbols that may follow those chosen, with all that shifts them."""
        symbols = np.asarray(logits + self._start_mask(sounded, guidance, chosen))
        self._forbid(symbols, chosen, sounded, guidance)
        return symbols

    def _start_mask(self, sounded: tuple[int, ...], guidance: Guidance, chosen: list[int]) -> FloatArray:
        """What is added to the logits of the symbols that may follow those chosen, but for `_forbid`."""
        mask = self._mask
        mask[:] = self._bias(guidance.key, guidance.dominant, guidance.firmly)
        if guidance.may_hold:
            for pitch in sounded:
                if pitch in self.pitches:
                    mask[HOLD + pitch - LOWEST] = 0
        if not guidance.may_end:
            mask[END_OF_PIECE] = -np.inf
        if guidance.chord is not None:
            mask += self._chord(guidance.chord).first
        if chosen:
            go_below(mask, chosen[-1])
        return mask

    def _bias(self, key: Key | None, dominant: Key | None, firmly: bool) -> FloatArray:
        """What may begin a chord, and how much its key is in favour of each note."""
        found = self._biases.get((key, dominant, firmly))
        if found is None:
            found = self._first.copy()
            strength = max(self._key, _FIRM) if firmly and self._key else self._key
            found[START:HOLD] += key_bias.of(self._counts if key is None else key, strength, dominant, firmly=firmly)
            self._biases[key, dominant, firmly] = found
        return found

    def _chord(self, chord: Chord) -> ChordMask:
        if chord not in self._chords:
            self._chords[chord] = ChordMask(chord, self.pitches)
        return self._chords[chord]

    def _forbid(self, symbols: FloatArray, chosen: list[int], sounded: tuple[int, ...], guidance: Guidance) -> None:
        """Rule out parallels, what two hands cannot hold, and another chord than the one asked for; lean as wished."""
        if guidance.lean is not None:
            guidance.lean.shift_symbols(symbols, chosen, sounded)
        chord = None if guidance.chord is None else self._chord(guidance.chord)
        may_end = len(chosen) >= guidance.least if chord is None else chord.may_end(chosen)
        end = symbols.item(END)
        if guidance.most is not None and len(chosen) >= guidance.most:
            symbols[:END] = -np.inf
        elif not may_end:
            symbols[END] = -np.inf
        if self._hands:
            keep_in_hands(symbols, chosen)
        if self._leading and (faults := chord_spelling.parallels(chosen, sounded)):
            parallel = [pitch - LOWEST for pitch in faults]
            kept = symbols[parallel]
            symbols[parallel] = -np.inf
            if not may_end and not np.isfinite(symbols.max()):  # no other note would do
                symbols[parallel] = kept
        if not may_end and not np.isfinite(symbols.max()):  # there is no room below for what is missing
            symbols[END] = end if chosen and np.isfinite(end) else 0
        if chord is not None:
            chord.narrow(symbols, chosen)
        keep_to_voicings(symbols, chosen, guidance.voicings)
