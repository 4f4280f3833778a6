"""Define the network: a dilated causal convolution that reads the context, and a small head that spells a chord.

Law: training and inference compute the same function. The form here runs over whole crops; `inference_graphs` has the
same weights cut to one prediction.

Trunk: a temporal convolutional network (Bai, Kolter and Koltun 2018, arXiv:1803.01271) in its VALID form: no padding,
each block looks `dilation` rows back, and the dilations sum to CONTEXT - 1. Head: a residual perceptron that is called
once a note, highest first, and is told what has been chosen (an autoregressive spelling as in NADE, Larochelle and
Murray 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from bachd.neural import features
from bachd.training.fit.dataset import EMPTY, LEAD

_NEVER: Final = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """Hyperparameters of the network."""

    width: int = 224
    """Channels of the trunk."""
    hidden: int = 256
    """Channels of the head, and of what the trunk hands to it."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 8)
    dropout: float = 0.2
    context_dropout: float = 0.0
    """Share of the rows that the trunk does not get to see in training."""
    intervals: bool = True
    """Whether the network sees and says intervals beside pitches; without, their columns have no weight."""

    def __post_init__(self) -> None:
        if sum(self.dilations) != LEAD:
            raise ValueError(f"dilations must sum to {LEAD} to see exactly {features.CONTEXT} events")
        if self.hidden == features.NOTES:
            raise ValueError("the head's two inputs are told apart by their widths, which must differ")


Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Columns, as spans from the first to before the last."""


class Layout(NamedTuple):
    """Which columns the network uses of what it could see, be told and say."""

    row: Spans = ((0, features.ROW),)
    notes: Spans = ((0, features.NOTES),)
    said: Spans = ((0, features.SAID),)


_PITCHES_ONLY: Final = Layout(
    ((0, features.BASS), (features.OUTLOOK, features.DEGREE)),
    ((0, features.INTERVALS), (features.TONICS, features.NOTES)),
    ((0, features.LOGITS),),
)


def width(spans: Spans) -> int:
    """How many columns some spans have."""
    return sum(end - first for first, end in spans)


def used(values: tf.Tensor, spans: Spans) -> tf.Tensor:
    """Those columns of the last axis."""
    parts = [values[..., first:end] for first, end in spans]
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)


class Network(keras.Model):  # type: ignore[misc]  # Keras has no types
    """Trunk and head with one set of weights."""

    def __init__(self, shape: Shape, layout: Layout | None = None) -> None:
        """`layout` is what the network sees and says; None for what `shape` says of the feature layout."""
        super().__init__()
        self.shape = shape
        self.layout = layout or (Layout() if shape.intervals else _PITCHES_ONLY)
        self.embed = keras.layers.Dense(shape.width)
        self.convolutions = [keras.layers.Dense(shape.width, activation="relu") for _ in shape.dilations]
        self.pointwise = [keras.layers.Dense(shape.width) for _ in shape.dilations]
        self.to_hidden = keras.layers.Dense(shape.hidden)
        self.note_embedding = keras.layers.Dense(shape.hidden, use_bias=False)
        self.residual = keras.layers.Dense(shape.hidden, activation="relu")
        self.output_layer = keras.layers.Dense(width(self.layout.said))
        self.dropout = keras.layers.Dropout(shape.dropout)
        self.context_dropout = keras.layers.Dropout(shape.context_dropout, noise_shape=(None, None, 1))

    def trunk(self, rows: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Rows (B, T + LEAD, ROW) of zeros and ones -> hidden (B, T, hidden)."""
        x = self.embed(self.context_dropout(used(rows, self.layout.row), training=training))
        for convolution, pointwise, dilation in zip(
            self.convolutions, self.pointwise, self.shape.dilations, strict=True
        ):
            y = tf.nn.relu(x)
            y = convolution(tf.concat([y[:, :-dilation], y[:, dilation:]], axis=-1))
            y = pointwise(self.dropout(y, training=training))
            x = x[:, dilation:] + self.dropout(y, training=training)
        return self.to_hidden(tf.nn.relu(x))

    def head(self, hidden: tf.Tensor, notes: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Hidden (..., hidden) and notes (..., NOTES) -> what is said, as wide as the layout has it."""
        x = tf.nn.relu(hidden + self.note_embedding(used(notes, self.layout.notes)))
        x = x + self.residual(self.dropout(x, training=training))
        return self.output_layer(self.dropout(x, training=training))

    def call(
        self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor], training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Rows (B, T + LEAD, ROW), symbols (B, T, K) and notes (B, T, K, NOTES), as a `Batch` has them.

        Returns, for the N symbols that are not EMPTY, in their order: logits (N, LOGITS); which of them are possible
        answers, as booleans of the same shape; and what the head said.
        """
        rows, symbols, notes = inputs
        spoken = tf.where(symbols != EMPTY)
        notes = tf.cast(tf.gather_nd(notes, spoken), tf.float32)
        hidden = tf.gather_nd(self.trunk(tf.cast(rows, tf.float32), training), spoken[:, :2])
        said = self.head(hidden, notes, training)
        return self.answers(said, notes), self.possible(notes), said

    def answers(self, said: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
        """What is said after `notes` (N, NOTES) was told, as logits (N, LOGITS)."""
        return _answers(said, notes) if self.shape.intervals else said

    def possible(self, notes: tf.Tensor) -> tf.Tensor:
        """Which symbols can follow when the head is told `notes` (N, NOTES): booleans (N, LOGITS)."""
        starts, holds, sounded = (
            notes[:, at : at + features.PITCHES] for at in (features.START, features.HOLD, features.END)
        )
        # A pitch is still possible if no chosen one is at it or below it: spelling goes down.
        below = tf.cumsum(starts + holds, axis=-1) == 0
        first = below[:, -1:]
        always = tf.ones_like(first)
        lengths = tf.repeat(always, len(features.LENGTHS), axis=-1)
        return tf.concat([below, below & (sounded > 0), always, first, lengths], axis=-1)

    def losses(self, answers: tuple[tf.Tensor, ...], symbols: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
        """Sums over a batch: see `losses`."""
        return losses(answers, symbols, lengths)


def _answers(said: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
    """`features.to_logits` for N symbols at once: what is said (N, SAID) and told (N, NOTES) -> logits (N, LOGITS)."""
    starts, holds, sounded, leads = (
        notes[:, at : at + features.PITCHES] for at in (features.START, features.HOLD, features.SOUNDED, features.LEADS)
    )
    above = _lowest(starts + holds)
    origin = tf.where(_lowest(leads) >= 0, _lowest(leads), above)
    anchor = tf.where(above >= 0, above, _lowest(sounded))
    logits = said[:, : features.LOGITS]
    spans = tf.reshape(said[:, features.LOGITS : features.DEGREES], (-1, 2, features.SPANS))
    distances = tf.range(features.PITCHES) - tf.stack([origin, anchor], axis=1)[..., None] + features.SPAN
    near = (distances >= 0) & (distances < features.SPANS) & (origin >= 0)[:, None, None]
    seen = tf.gather(spans, tf.clip_by_value(distances, 0, features.SPANS - 1), batch_dims=2)
    more = tf.reduce_sum(tf.where(near, seen, 0.0), axis=1) + _degrees(said, notes)
    return logits + tf.pad(more, ((0, 0), (features.START, features.LOGITS - features.START - features.PITCHES)))


def _degrees(said: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
    """What is said (N, SAID) of the degrees of each pitch in the keys told (N, NOTES): (N, PITCHES)."""
    tonics = tf.reshape(notes[:, features.TONICS : features.NOTES], (-1, 2, 12))
    degrees = tf.reshape(said[:, features.DEGREES : features.SAID], (-1, 2, 12))
    above = (np.arange(12)[:, None] - np.arange(12)) % 12  # by pitch class and tonic
    # Of each pitch class: what is said of its degree, summed over the tonics; a key that is not known has none.
    by_class = tf.einsum("nkt,nkct->nc", tonics, tf.gather(degrees, above, axis=2))
    return tf.tile(tf.roll(by_class, -features.LOWEST % 12, axis=1), (1, features.PITCHES // 12))


def _lowest(steps: tf.Tensor) -> tf.Tensor:
    """The lowest of the pitches marked in each row (N, PITCHES), counted from LOWEST; -1 where none is."""
    return tf.where(tf.reduce_any(steps > 0, axis=-1), tf.argmax(steps > 0, axis=-1, output_type=tf.int32), -1)


def losses(answers: tuple[tf.Tensor, ...], symbols: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
    """Sums over a batch: negative log-likelihood in nats, counts, and how often the likeliest answer was right.

    answers as `Network.call` gives them. The probability of an event is the product of its symbols' and, at END, of its
    length's: a proper one over events.
    """
    spoken = symbols != EMPTY
    truth = tf.boolean_mask(symbols, spoken)
    logits = tf.where(answers[1], answers[0], _NEVER)
    said = logits[:, : features.SYMBOLS]
    note_nll = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, said)
    ends = tf.cast(truth == features.END, tf.float32)
    long = tf.maximum(tf.boolean_mask(tf.repeat(lengths[..., None], tf.shape(symbols)[-1], axis=-1), spoken), 0)
    lasting = logits[:, features.SYMBOLS :]
    length_nll = tf.nn.sparse_softmax_cross_entropy_with_logits(long, lasting) * ends
    return {
        "nll": tf.reduce_sum(note_nll) + tf.reduce_sum(length_nll),
        "events": tf.reduce_sum(tf.cast(tf.reduce_any(spoken, axis=-1), tf.float32)),
        "symbols": tf.reduce_sum(tf.ones_like(ends)),
        "symbol_hits": tf.reduce_sum(_right(said, truth)),
        "lengths": tf.reduce_sum(ends),
        "length_hits": tf.reduce_sum(_right(lasting, long) * ends),
    }


def _right(logits: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.argmax(logits, axis=-1, output_type=truth.dtype) == truth, tf.float32)
