"""Define the network: a dilated causal convolution that reads the context, and a small head that spells a chord.

Law: training and inference compute the same function. The form here runs over whole crops; `inference_graphs` has the
same weights cut to one prediction.

Trunk: a temporal convolutional network (Bai, Kolter and Koltun 2018, arXiv:1803.01271) in its VALID form: no padding,
each block looks `dilation` rows back, and the dilations sum to CONTEXT - 1. Head: a residual perceptron that is called
once a note, highest first, and is told what has been chosen (an autoregressive spelling as in NADE, Larochelle and
Murray 2011).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import keras
import numpy as np
from keras import ops

from bachd.neural import features
from bachd.training.fit.dataset import EMPTY, LEAD

NEVER: Final = -1e9
"""Logit of an impossible answer."""


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


def used(values: Any, spans: Spans) -> Any:
    """Those columns of the last axis."""
    parts = [values[..., first:end] for first, end in spans]
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)


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

    def trunk(self, rows: Any, training: bool = False) -> Any:
        """Rows (B, T + LEAD, ROW) of zeros and ones -> hidden (B, T, hidden)."""
        x = self.embed(self.context_dropout(used(rows, self.layout.row), training=training))
        for convolution, pointwise, dilation in zip(
            self.convolutions, self.pointwise, self.shape.dilations, strict=True
        ):
            y = ops.relu(x)
            y = convolution(ops.concatenate([y[:, :-dilation], y[:, dilation:]], axis=-1))
            y = pointwise(self.dropout(y, training=training))
            x = x[:, dilation:] + self.dropout(y, training=training)
        return self.to_hidden(ops.relu(x))

    def head(self, hidden: Any, notes: Any, training: bool = False) -> Any:
        """Hidden (..., hidden) and notes (..., NOTES) -> what is said, as wide as the layout has it."""
        x = ops.relu(hidden + self.note_embedding(used(notes, self.layout.notes)))
        x = x + self.residual(self.dropout(x, training=training))
        return self.output_layer(self.dropout(x, training=training))

    def call(self, inputs: tuple[Any, Any, Any], training: bool = False) -> tuple[Any, Any, Any]:
        """Rows (B, T + LEAD, ROW), and for N symbols the index of their prediction among B * T, and notes (N, NOTES).

        Returns logits (N, LOGITS); which of them are possible answers, as booleans of the same shape; and what the head
        said.
        """
        rows, where, notes = inputs
        notes = ops.cast(notes, "float32")
        trunk = self.trunk(ops.cast(rows, "float32"), training)
        hidden = ops.take(ops.reshape(trunk, (-1, trunk.shape[-1])), where, axis=0)
        said = self.head(hidden, notes, training)
        return self.answers(said, notes), self.possible(notes), said

    def answers(self, said: Any, notes: Any) -> Any:
        """What is said after `notes` (N, NOTES) was told, as logits (N, LOGITS)."""
        return _answers(said, notes) if self.shape.intervals else said

    def possible(self, notes: Any) -> Any:
        """Which symbols can follow when the head is told `notes` (N, NOTES): booleans (N, LOGITS)."""
        starts, holds, sounded = (
            notes[:, at : at + features.PITCHES] for at in (features.START, features.HOLD, features.END)
        )
        # A pitch is still possible if no chosen one is at it or below it: spelling goes down.
        below = ops.cumsum(starts + holds, axis=-1) == 0
        first = below[:, -1:]
        always = ops.ones_like(first)
        lengths = ops.repeat(always, len(features.LENGTHS), axis=-1)
        return ops.concatenate([below, below & (sounded > 0), always, first, lengths], axis=-1)

    def losses(self, answers: tuple[Any, ...], batch: Mapping[str, Any]) -> dict[str, Any]:
        """Sums over a batch: see `losses`."""
        return losses(answers, batch)


def _answers(said: Any, notes: Any) -> Any:
    """`features.to_logits` for N symbols at once: what is said (N, SAID) and told (N, NOTES) -> logits (N, LOGITS)."""
    starts, holds, sounded, leads = (
        notes[:, at : at + features.PITCHES] for at in (features.START, features.HOLD, features.SOUNDED, features.LEADS)
    )
    above = _lowest(starts + holds)
    origin = ops.where(_lowest(leads) >= 0, _lowest(leads), above)
    anchor = ops.where(above >= 0, above, _lowest(sounded))
    logits = said[:, : features.LOGITS]
    spans = ops.reshape(said[:, features.LOGITS : features.DEGREES], (-1, 2, features.SPANS))
    distances = ops.arange(features.PITCHES, dtype="int32") - ops.stack([origin, anchor], axis=1)[..., None]
    distances = distances + features.SPAN
    near = (distances >= 0) & (distances < features.SPANS) & (origin >= 0)[:, None, None]
    seen = ops.take_along_axis(spans, ops.clip(distances, 0, features.SPANS - 1), axis=2)
    more = ops.sum(ops.where(near, seen, 0.0), axis=1) + _degrees(said, notes)
    return logits + ops.pad(more, ((0, 0), (features.START, features.LOGITS - features.START - features.PITCHES)))


def _degrees(said: Any, notes: Any) -> Any:
    """What is said (N, SAID) of the degrees of each pitch in the keys told (N, NOTES): (N, PITCHES)."""
    tonics = ops.reshape(notes[:, features.TONICS : features.NOTES], (-1, 2, 12))
    degrees = ops.reshape(said[:, features.DEGREES : features.SAID], (-1, 2, 12))
    above = (np.arange(12)[:, None] - np.arange(12)) % 12  # by pitch class and tonic
    # Of each pitch class: what is said of its degree, summed over the tonics; a key that is not known has none.
    by_class = ops.einsum("nkt,nkct->nc", tonics, ops.take(degrees, above, axis=2))
    return ops.tile(ops.roll(by_class, -features.LOWEST % 12, axis=1), (1, features.PITCHES // 12))


def _lowest(steps: Any) -> Any:
    """The lowest of the pitches marked in each row (N, PITCHES), counted from LOWEST; -1 where none is."""
    first = ops.cast(ops.argmax(ops.cast(steps > 0, "int32"), axis=-1), "int32")
    return ops.where(ops.any(steps > 0, axis=-1), first, -1)


def losses(answers: tuple[Any, ...], batch: Mapping[str, Any]) -> dict[str, Any]:
    """Sums over a batch: negative log-likelihood in nats, counts, and how often the likeliest answer was right.

    answers as `Network.call` gives them, batch as `step_math.flat`. The probability of an event is the product of its
    symbols' and, at END, of its length's: a proper one over events.
    """
    symbols = batch["symbols"]
    asked = ops.cast(symbols != EMPTY, "float32")
    truth, long = ops.maximum(symbols, 0), ops.maximum(batch["lengths"], 0)
    logits = ops.where(answers[1], answers[0], NEVER)
    said, lasting = logits[:, : features.SYMBOLS], logits[:, features.SYMBOLS :]
    ends = asked * ops.cast(truth == features.END, "float32")
    return {
        "nll": ops.sum(cross_entropy(said, truth) * asked) + ops.sum(cross_entropy(lasting, long) * ends),
        "events": batch["events"],
        "symbols": ops.sum(asked),
        "symbol_hits": ops.sum(_right(said, truth) * asked),
        "lengths": ops.sum(ends),
        "length_hits": ops.sum(_right(lasting, long) * ends),
    }


def cross_entropy(logits: Any, truth: Any) -> Any:
    """Negative logarithm of the probability of each true answer (N,) by logits (N, answers)."""
    return -ops.take_along_axis(ops.log_softmax(logits, axis=-1), truth[:, None], axis=1)[:, 0]


def _right(logits: Any, truth: Any) -> Any:
    return ops.cast(ops.cast(ops.argmax(logits, axis=-1), "int32") == truth, "float32")
