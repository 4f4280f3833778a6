"""Predict decisions by what followed where it stood as now: a multiple-viewpoint system.

Law: what is said of a decision follows from the training split and from the decisions before it.

Each viewpoint has a long-term model, of the training split, and a short-term one, of the piece so far (Conklin and
Witten 1995, Multiple viewpoint systems for music prediction). A context is a list of what is seen, the most telling
first; it is interpolated with all that are shorter, by absolute discounting (Ney, Essen and Kneser 1994).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bachd.training.jsb.data import VOICES, Benchmark, Chorale, Chord
from bachd.training.jsb.features import ANSWERS, LASTING, SILENCE
from bachd.training.jsb.mixture import Logits
from bachd.training.jsb.past import collections

_DISCOUNT: Final = 0.02
"""What each count gives away to answers that were not seen there: little, as the weights in the mixture are small."""
_NO_CHORD: Final = -2
"""Stands for each pitch of a chord before the first one; -1 is silence."""
_PAST: Final = 3
"""Chords back that are seen."""
_FIRST: Final = 60
"""The MIDI number from which steps are counted where there is none to count from."""
_SHORT: Final = 5
"""Rows: a chord that lasted longer counts as one of these."""

Pitches: TypeAlias = tuple[int | str, ...]
"""Of a chord's voices, in semitones above some origin, or as words where there are none."""


@dataclass(slots=True)
class _Context:
    """What followed it, and the contexts in which one thing more is seen."""

    counts: dict[int | None, int] = field(default_factory=dict)
    narrower: dict[Hashable, _Context] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _View:
    """A decision from one viewpoint."""

    seen: tuple[Hashable, ...]
    """The most telling first."""
    origin: int
    """The index of the answer that is called 0 from here."""
    answer: int | None
    """The right one, counted from there; None: silence."""


class Viewpoints:
    """The long-term models of a benchmark's training split."""

    def __init__(self, data: Benchmark) -> None:
        self._data = data
        self._long: dict[tuple[int, int], _Context] = {}
        for piece in data.splits["train"]:
            for decision, views in _decisions(piece, data):
                for viewpoint, view in enumerate(views):
                    _learn(self._long.setdefault((decision, viewpoint), _Context()), view)

    @property
    def bytes(self) -> int:
        """What the long-term models are made from: a byte for each pitch, and for each length."""
        return sum(len(piece.chords) for piece in self._data.splits["train"]) * (VOICES + self._data.voiced)

    def said(self, piece: Chorale) -> list[Logits]:
        """Return logarithms of probabilities of a piece's decisions, by each model of each viewpoint.

        Each of shape (decisions, ANSWERS); -inf for answers that are no answers to such a decision.
        """
        short: dict[tuple[int, int], _Context] = {}
        said: list[list[npt.NDArray[np.float64]]] = []
        for decision, views in _decisions(piece, self._data):
            one = []
            for viewpoint, view in enumerate(views):
                for models in (self._long, short):
                    root = models.setdefault((decision, viewpoint), _Context())
                    one.append(_chances(root, view, lasting=decision == VOICES))
                _learn(short[decision, viewpoint], view)
            said.append(one)
        with np.errstate(divide="ignore"):
            return list(np.log(np.array(said)).swapaxes(0, 1))


def _learn(root: _Context, view: _View) -> None:
    context = root
    context.counts[view.answer] = context.counts.get(view.answer, 0) + 1
    for thing in view.seen:
        context = context.narrower.setdefault(thing, _Context())
        context.counts[view.answer] = context.counts.get(view.answer, 0) + 1


def _path(root: _Context, seen: Sequence[Hashable]) -> Iterator[_Context]:
    """Yield the contexts that have occurred, from the shortest to the longest."""
    if root.counts:
        yield root
    context = root
    for thing in seen:
        found = context.narrower.get(thing)
        if found is None:
            return
        context = found
        yield context


def _chances(root: _Context, view: _View, *, lasting: bool) -> npt.NDArray[np.float64]:
    """Return the probabilities of all answers, shape (ANSWERS,)."""
    first, last = (LASTING, ANSWERS) if lasting else (0, SILENCE)
    chances = np.zeros(ANSWERS)
    chances[first:last] = 1
    if not lasting:
        chances[SILENCE] = 1
    chances /= chances.sum()
    for context in _path(root, view.seen):
        total = sum(context.counts.values())
        chances *= _DISCOUNT * len(context.counts) / total
        for answer, count in context.counts.items():
            index = SILENCE if answer is None else view.origin + answer
            if answer is None or first <= index < last:
                chances[index] += (count - _DISCOUNT) / total
    chances /= chances.sum()
    return chances


def _decisions(piece: Chorale, data: Benchmark) -> Iterator[tuple[int, Sequence[_View]]]:
    """Yield the number of each decision within its chord, and how it looks from each viewpoint."""
    tonics = collections(piece) if data.voiced else np.zeros(len(piece.chords), np.int32)  # frames: moved to C
    nothing = (_NO_CHORD,) * VOICES
    row = 0
    for at, (chord, length) in enumerate(zip(piece.chords, piece.lengths, strict=True)):
        past = [piece.chords[at - back] if back <= at else nothing for back in range(1, _PAST + 1)]
        before = piece.lengths[max(0, at - 2) : at][::-1] + (0,) * max(0, 2 - at)
        where = (row % 4, min(before[0], _SHORT)) if data.voiced else ()
        for voice in range(VOICES):
            views = _of_voice(chord[: voice + 1], past, max(0, int(tonics[at])), where)
            yield voice, [_View(seen, origin - data.lowest, answer) for seen, origin, answer in views]
        if data.voiced:
            yield VOICES, [_View(seen, LASTING, length - 1) for seen in _of_length(chord, past, row % 16, before)]
        row += length


def _of_voice(
    chord: Chord, past: Sequence[Chord], tonic: int, where: tuple[int, ...]
) -> Iterator[tuple[tuple[Hashable, ...], int, int | None]]:
    """Yield what is seen of the last of a chord's voices, the MIDI number from which it is counted, and the answer.

    past: the chords before, the latest first. where: in the bar, and after how long a chord.
    """
    voice, chosen = len(chord) - 1, chord[:-1]
    above = [pitch for pitch in chosen if pitch >= 0]
    own, bass = past[0][voice], past[0][-1]
    own = own if own >= 0 else above[-1] if above else _FIRST
    bass = bass if bass >= 0 else _FIRST

    def counted(origin: int, *seen: Hashable) -> tuple[tuple[Hashable, ...], int, int | None]:
        return seen, origin, chord[voice] - origin if chord[voice] >= 0 else None

    def line(origin: int) -> Pitches:
        return tuple(each[voice] - origin if each[voice] >= 0 else str(each[voice]) for each in past)

    def classes(pitches: Sequence[int], origin: int) -> Pitches:
        return tuple((pitch - origin) % 12 if pitch >= 0 else str(pitch) for pitch in pitches)

    # Its own step.
    _, second, third = line(own)
    one, two, three = (classes(each, own) for each in past)
    here = classes(chosen, own)
    yield counted(own, (voice, where, second), here[-1:], here, one, third, two, three)
    # From the bass.
    one, two, _ = (classes(each, bass) for each in past)
    yield counted(bass, (voice, line(bass)[0]), where, classes(chosen, bass), one, two)
    # Melody and harmony, from the tonic.
    first, second, third = line(tonic)
    one, two, three = (classes(each, tonic) for each in past)
    here = classes(chosen, tonic)
    yield counted(tonic, (voice, first), where, second, here[-1:], third, here, one[-1])
    yield counted(tonic, (voice, first), one[-1], here, one, where, two, three)


def _of_length(
    chord: Chord, past: Sequence[Chord], place: int, before: tuple[int, ...]
) -> Iterator[tuple[Hashable, ...]]:
    """Yield what is seen of the length of a chord. place: in a bar of 16 rows. before: lengths, the latest first."""
    held = tuple(one == other for one, other in zip(chord, past[0], strict=True))
    shape = tuple((pitch - chord[-1]) % 12 if pitch >= 0 else -1 for pitch in chord)
    yield place % 4, before[0], place, before[1], held
    yield place, held, before[0]
    yield place % 4, held, shape, place, before[0]
    yield place, shape, held
