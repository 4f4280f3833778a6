"""Rank the highest notes, and the chords under them, that fit a voice below them which is given.

Law: a chord has the given note where it is given: at the bottom, if that is the bass. The likelier a note is to be sung
next, and a chord and its bass to be under it, the earlier they come.

By Bayes' rule: the head says how likely each highest note is, and the graph that names chords how likely each chord,
with the given note in its place, is under that. Without such a graph, plain chords in the key come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.neural.features import HOLD, LOWEST, PITCHES, START, FloatArray
from bachd.neural.harmonise.harmony import Harmony, HarmonyGraph
from bachd.neural.harmonise.past import Past
from bachd.neural.harmonise.voicing import DEEP, WIDE, voicings
from bachd.neural.model import Model
from bachd.neural.outlook import Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.guidance import Guidance
from bachd.neural.sampling.nucleus import drawn_order
from bachd.neural.sampling.sampler import Sampler

_TOPS: Final = 6
"""Highest notes that are considered."""
_HEADROOM: Final = (0, 7, 12, 19)
"""Semitones that are left above a given note, by its place from the top."""
_PLAIN: Final = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10), (0, 3, 7, 10), (0, 3, 6, 10))
_OCTAVE: Final = (0,)
_INTERVALS: Final = ((0, 4), (0, 3), _OCTAVE)
"""The same in two voices: thirds, sixths and octaves."""
_HOLLOW: Final = 1.0
"""Nats by which an octave is less likely."""


@dataclass(frozen=True, slots=True)
class Given:
    """A note of a voice below the highest."""

    place: int
    """Of the voice, from the top, 1 to `voices` - 1."""
    pitch: int
    voices: int

    @property
    def is_bass(self) -> bool:
        """Whether it is the lowest voice."""
        return self.place == self.voices - 1

    def fits(self, harmony: Harmony) -> bool:
        """Whether a chord has the note where it is given."""
        pitch_class = self.pitch % 12
        return harmony.bass == pitch_class if self.is_bass else pitch_class in harmony.pitch_classes


class LowerVoice:
    """Draws chords around the notes of a voice below the highest."""

    def __init__(self, model: Model, sampler: Sampler, chords: HarmonyGraph | None, place: int, voices: int) -> None:
        """chords: names the chord under a highest note. place: of the voice, from the top, 1 to `voices` - 1."""
        self._model, self._sampler, self._chords = model, sampler, chords
        self._place, self._voices = place, voices

    def within(self, pitch: int) -> int:
        """Return a note of the voice, moved by octaves to where there is room for the voices above it."""
        return within(pitch, self._place, self._sampler.pitches)

    def draw(self, symbol: int, hidden: Int8Array, past: Past, wanted: Guidance, outlook: Outlook) -> Event:
        """Draw the event in which the voice has the note `symbol`; its chord lasts until the next quarter at most.

        Where no chord can be set out around it, it is alone. Raises ModelError.
        """
        given = Given(self._place, LOWEST + symbol % PITCHES, self._voices)
        pitches, before = self._sampler.pitches, past.last
        logits = self._model.head_logits(hidden, (), before, outlook)
        tops = likeliest_tops(logits, pitches, before, given)
        found = ranked(tops, lambda top: self._named(top, given, past, outlook), given)
        order = drawn_order([nats for nats, _, _ in found], self._sampler.temperature, self._sampler.rng)
        for sounded in (before, ()):  # rather a parallel than no chord
            for _, top, harmony in (found[index] for index in order):
                place = given.place, given.pitch
                if ways := voicings(LOWEST + top % PITCHES, harmony, self._voices, pitches[0], sounded, place):
                    wanted = replace(wanted, voicings=ways, longest=past.to_quarter)
                    event = self._sampler.sample(hidden, before, wanted, outlook, given=(top,))
                    assert event is not None  # a piece cannot end unless it is allowed to
                    return keep_note(event, given.pitch, is_held=symbol >= HOLD)
        event = self._sampler.sample(hidden, before, replace(wanted, least=1, most=1), outlook, given=(symbol,))
        assert event is not None
        return event

    def _named(self, symbol: int, given: Given, past: Past, outlook: Outlook) -> Sequence[tuple[float, Harmony]]:
        """Return the chords under a highest note, with their log-likelihoods."""
        top = LOWEST + symbol % PITCHES
        if self._chords is None:
            return [] if outlook.key is None else plain_chords(top, outlook.key, given)
        row = past.history.features(top, past.place, outlook, held=symbol >= HOLD, chord=past.quarter)
        return self._chords.likeliest(row, top, having=given.pitch % 12)


def within(pitch: int, place: int, pitches: range) -> int:
    """Return a given note, moved by octaves to where there is room for the voices above it.

    pitches: those that may be played.
    """
    highest = pitches[-1] - _HEADROOM[min(place, len(_HEADROOM) - 1)]
    while pitch > highest:
        pitch -= 12
    while pitch < pitches[0]:
        pitch += 12
    return pitch


def likeliest_tops(
    logits: FloatArray, pitches: range, sounded: tuple[int, ...], given: Given
) -> list[tuple[float, int]]:
    """Return the likeliest symbols of a highest note above the given one, with their log-likelihoods, the best first.

    logits: of the head, for the first symbol. pitches: those that may be played. sounded: what may be held, ascending.
    """
    lowest = max(pitches[0], given.pitch + given.place)
    highest = min(pitches[-1], given.pitch + WIDE * given.place + (DEEP - WIDE) * given.is_bass)
    symbols = [START + pitch - LOWEST for pitch in range(lowest, highest + 1)]
    symbols += [HOLD + pitch - LOWEST for pitch in sounded if lowest <= pitch <= highest]
    if not symbols:
        return []
    found = logits[symbols].astype(np.float64)
    found -= found.max() + np.log(np.exp(found - found.max()).sum())
    best = np.argsort(-found, kind="stable")[:_TOPS].tolist()
    return [(found.item(index), symbols[index]) for index in best]


def ranked(
    tops: Sequence[tuple[float, int]], name: Callable[[int], Sequence[tuple[float, Harmony]]], given: Given
) -> list[tuple[float, int, Harmony]]:
    """Return the log-likelihoods of highest notes with chords that fit, in any order.

    tops: of `likeliest_tops`. name: returns the chords under a symbol with their log-likelihoods.
    """
    return [
        (likely + share, symbol, harmony)
        for likely, symbol in tops
        for share, harmony in name(symbol)
        if given.fits(harmony)
    ]


def plain_chords(top: int, key: Key, given: Given) -> list[tuple[float, Harmony]]:
    """Return plain chords with a highest note and the given one, and how well their notes fit the key, in nats."""
    fit = [log(share) for share in key.profile()]
    return [
        (sum(fit[note] for note in chord) / len(chord) - less, Harmony(chord, bass))
        for less, chord in _around({top % 12, given.pitch % 12}, given.voices)
        for bass in chord
    ]


def _around(notes: set[int], voices: int) -> Iterator[tuple[float, frozenset[int]]]:
    for shape in _PLAIN if voices > 2 else _INTERVALS:
        for root in range(12):
            chord = frozenset([(root + degree) % 12 for degree in shape])
            if notes <= chord and len(chord) <= voices:
                yield _HOLLOW * (shape is _OCTAVE), chord


def keep_note(event: Event, pitch: int, *, is_held: bool) -> Event:
    """Return an event in which one of its notes is held, or starts."""
    starts, held = set(event.starts) - {pitch}, set(event.held) - {pitch}
    (held if is_held else starts).add(pitch)
    return Event(tuple(sorted(starts)), tuple(sorted(held)), event.ticks)
