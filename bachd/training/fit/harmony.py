"""Learn the chord under each note of a melody: a perceptron with one hidden layer, for `neural.harmonise.harmony`.

Law: what it learns from is computed as in playing, note by note; two runs on the same pieces learn the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from bachd.music.event import TICKS
from bachd.music.piece import Piece
from bachd.music.voices import Voices
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.melody_features import CHORD, WIDTH, MelodyHistory
from bachd.neural.outlook import Melody

SETS: Final = 60
"""Chords that are known, the commonest; in the chorales, they are 97 % of the time."""
_HIDDEN: Final = 48
_STEP: Final = TICKS // 2
"""Ticks between two chords of a note that are learned at most."""
_HIDE: Final = 0.15
"""Share of the features that are hidden at each step of the training."""
_DROPOUT: Final = 0.2
_UNKNOWN: Final = 0.15
"""Share of the moments within a quarter that are learned as if nobody knew what it began with."""
_BATCH: Final = 256
_RATE: Final = 2e-3
_DECAY: Final = 0.02
_CLASSES: Final = 12


@dataclass(frozen=True, slots=True)
class Examples:
    """Moments of some melodies, with the chords that their composer put under them."""

    rows: FloatArray
    """Shape (N, WIDTH)."""
    chords: tuple[tuple[int, ...], ...]
    """Semitones above the note of the melody, ascending from 0."""
    basses: npt.NDArray[np.int64]
    """Semitones of the bass above the note of the melody, 0 to 11."""
    ticks: FloatArray
    """How long each of them lasts."""

    def commonest(self, most: int = SETS) -> list[tuple[int, ...]]:
        """The chords that sound longest, the commonest first."""
        lengths: Counter[tuple[int, ...]] = Counter()
        for chord, ticks in zip(self.chords, self.ticks.tolist(), strict=True):
            lengths[chord] += int(ticks)
        return [chord for chord, _ in lengths.most_common(most)]


def examples(pieces: Iterable[Piece]) -> Examples:
    """Return each event of some pieces, cut into eighths."""
    found = [moment for piece in pieces for moment in _moments(piece)]
    return Examples(
        np.array([row for row, *_ in found], np.float32).reshape(-1, WIDTH),
        tuple(chord for _, chord, *_ in found),
        np.array([bass for *_, bass, _ in found], np.int64),
        np.array([ticks for *_, ticks in found], np.float32),
    )


def _moments(piece: Piece) -> Iterator[tuple[FloatArray, tuple[int, ...], int, int]]:
    melody, history, tick = Melody(), MelodyHistory(), 0
    quarter: Voices = ()
    for event in piece.events:
        top = event.sounding[-1] if event.sounding else None
        end, starts = tick + event.ticks, top in event.starts
        while tick < end:
            ticks, place = min(end - tick, _STEP - tick % _STEP), piece.grid.place(tick)
            begins = place.phase % TICKS == 0
            quarter = event.sounding if begins else quarter
            if top is not None:
                outlook = melody.outlook(top, held=not starts)
                row = history.features(top, place, outlook, held=not starts, chord=() if begins else quarter)
                chord = tuple(sorted({(pitch - top) % _CLASSES for pitch in event.sounding}))
                yield row, chord, (event.sounding[0] - top) % _CLASSES, ticks
                melody.push(top, ticks)
            history.push(top, ticks, place, starts=starts)
            tick, starts = tick + ticks, False


def train(known: Examples, sets: list[tuple[int, ...]], epochs: int, rng: int) -> Any:
    """Return a Keras model from WIDTH features to a logit for each of `sets`, then for each interval of the bass.

    Chords that are not in `sets` teach no more than their bass.
    """
    keras.utils.set_random_seed(rng)
    index = {chord: number for number, chord in enumerate(sets)}
    chords = np.array([index.get(chord, -1) for chord in known.chords])
    shares = known.ticks / known.ticks.mean()
    answers = np.stack([chords, known.basses, shares], axis=1).astype(np.float32)
    network = keras.Sequential(
        [
            keras.Input((WIDTH,)),
            keras.layers.Dropout(_HIDE),
            keras.layers.Dense(_HIDDEN, activation="relu", name="melody"),
            keras.layers.Dropout(_DROPOUT),
            keras.layers.Dense(len(sets) + _CLASSES, name="chords"),
        ],
        name="harmony",  # names that Keras counts would make each graph another file
    )
    rate = keras.optimizers.schedules.CosineDecay(_RATE, max(1, epochs * -(-len(answers) // _BATCH)))
    network.compile(keras.optimizers.AdamW(rate, weight_decay=_DECAY), loss=_loss)
    rows = known.rows.copy()
    rows[np.random.default_rng(rng).random(len(rows)) < _UNKNOWN, CHORD] = 0
    network.fit(rows, answers, batch_size=_BATCH, epochs=epochs, verbose=0)
    return network


def _loss(answers: Any, said: Any) -> Any:
    """Nats of the chord, where it is known, and of the bass; weighted by how long they last."""
    chord, bass, shares = (answers[:, column] for column in range(3))
    sets = said.shape[-1] - _CLASSES
    of_chord = keras.losses.sparse_categorical_crossentropy(ops.maximum(chord, 0), said[:, :sets], from_logits=True)
    of_bass = keras.losses.sparse_categorical_crossentropy(bass, said[:, sets:], from_logits=True)
    return shares * (of_chord * ops.cast(chord >= 0, "float32") + of_bass)
