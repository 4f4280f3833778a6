"""The network: a dilated causal convolution that reads the context, and a small head that spells a chord.

Law: training and playing compute the same function. The training form runs over whole crops; the playing form is the
same weights cut to one prediction, out of operators the Edge TPU can take.

Trunk: a temporal convolutional network (Bai, Kolter and Koltun 2018, arXiv:1803.01271) in its VALID form: no padding,
each block looks `dilation` rows back, and the dilations sum to CONTEXT - 1. Head: a residual perceptron that is called
once a note, highest first, and is told what has been chosen (an autoregressive spelling as in NADE, Larochelle and
Murray 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from bachd.neural import features
from bachd.training.fit.dataset import EMPTY, LEAD

_NEVER: Final = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the network is and how hard it is made to forget."""

    width: int = 224
    """Channels of the trunk."""
    hidden: int = 256
    """Channels of the head, and of what the trunk hands to it."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 8)
    dropout: float = 0.2
    hide: float = 0.0
    """Share of the rows that the trunk does not get to see in training."""
    intervals: bool = True
    """Whether the network sees and says intervals beside pitches; without, their columns have no weight."""

    def __post_init__(self) -> None:
        if sum(self.dilations) != LEAD:
            raise ValueError(f"dilations must sum to {LEAD} to see exactly {features.CONTEXT} events")
        if self.hidden == features.NOTES:
            raise ValueError("the head's two inputs are told apart by their widths, which must differ")


class Layout(NamedTuple):
    """How wide the inputs and the output are."""

    row: int = features.ROW
    notes: int = features.NOTES
    said: int = features.SAID


_PITCHES_ONLY: Final = Layout(features.BASS, features.INTERVALS, features.LOGITS)


class Network(keras.Model):  # type: ignore[misc]  # Keras has no types
    """Trunk and head with one set of weights."""

    def __init__(self, shape: Shape, layout: Layout | None = None) -> None:
        """`layout` is what the network sees and says; None for what `shape` says of the feature layout."""
        super().__init__()
        self.shape = shape
        self.layout = layout or (Layout() if shape.intervals else _PITCHES_ONLY)
        self.embed = keras.layers.Dense(shape.width)
        self.look = [keras.layers.Dense(shape.width, activation="relu") for _ in shape.dilations]
        self.mix = [keras.layers.Dense(shape.width) for _ in shape.dilations]
        self.hand_over = keras.layers.Dense(shape.hidden)
        self.listen = keras.layers.Dense(shape.hidden, use_bias=False)
        self.think = keras.layers.Dense(shape.hidden, activation="relu")
        self.say = keras.layers.Dense(self.layout.said)
        self.drop = keras.layers.Dropout(shape.dropout)
        self.hide = keras.layers.Dropout(shape.hide, noise_shape=(None, None, 1))

    def trunk(self, rows: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Rows (B, T + LEAD, ROW) of zeros and ones -> hidden (B, T, hidden)."""
        x = self.embed(self.hide(rows[..., : self.layout.row], training=training))
        for look, mix, dilation in zip(self.look, self.mix, self.shape.dilations, strict=True):
            y = tf.nn.relu(x)
            y = look(tf.concat([y[:, :-dilation], y[:, dilation:]], axis=-1))
            y = mix(self.drop(y, training=training))
            x = x[:, dilation:] + self.drop(y, training=training)
        return self.hand_over(tf.nn.relu(x))

    def head(self, hidden: tf.Tensor, notes: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Hidden (..., hidden) and notes (..., NOTES) -> what is said (..., SAID), without intervals (..., LOGITS)."""
        x = tf.nn.relu(hidden + self.listen(notes[..., : self.layout.notes]))
        x = x + self.think(self.drop(x, training=training))
        return self.say(self.drop(x, training=training))

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
        return _possible(notes)

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
    spans = tf.reshape(said[:, features.LOGITS :], (-1, 2, features.SPANS))
    distances = tf.range(features.PITCHES) - tf.stack([origin, anchor], axis=1)[..., None] + features.SPAN
    near = (distances >= 0) & (distances < features.SPANS) & (origin >= 0)[:, None, None]
    seen = tf.gather(spans, tf.clip_by_value(distances, 0, features.SPANS - 1), batch_dims=2)
    more = tf.reduce_sum(tf.where(near, seen, 0.0), axis=1)
    return logits + tf.pad(more, ((0, 0), (features.START, features.LOGITS - features.START - features.PITCHES)))


def _lowest(steps: tf.Tensor) -> tf.Tensor:
    """The lowest of the pitches marked in each row (N, PITCHES), counted from LOWEST; -1 where none is."""
    return tf.where(tf.reduce_any(steps > 0, axis=-1), tf.argmax(steps > 0, axis=-1, output_type=tf.int32), -1)


def _possible(notes: tf.Tensor) -> tf.Tensor:
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
        "events": tf.reduce_sum(tf.cast(spoken[..., 0], tf.float32)),
        "symbols": tf.reduce_sum(tf.ones_like(ends)),
        "symbol_hits": tf.reduce_sum(_right(said, truth)),
        "lengths": tf.reduce_sum(ends),
        "length_hits": tf.reduce_sum(_right(lasting, long) * ends),
    }


def _right(logits: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.argmax(logits, axis=-1, output_type=truth.dtype) == truth, tf.float32)


def playing_trunk(network: Network, layout: Layout) -> Any:
    """The trunk for one prediction as a concrete function: (1, 1, CONTEXT, layout.row) -> (1, hidden).

    The same sums as `Network.trunk`, but four times as fast as written there. Each block computes only the rows that
    the prediction depends on: while the dilations double, that is every second one, so rows are paired by a reshape and
    the kernel reads a pair. And XNNPACK takes a RELU only together with the operation before it, so what a later block
    needs both raw and rectified is added up twice: rectified in full, raw where it is needed.
    """
    dilations = network.shape.dilations
    seen = _widened(network.embed.kernel, rows=layout.row)

    def embed(rows: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(rows, seen[None, None], 1, "VALID") + network.embed.bias

    window = tf.TensorSpec((1, 1, features.CONTEXT, layout.row), name="context")

    @tf.function(input_signature=[window])  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def trunk(rows: tf.Tensor) -> tf.Tensor:
        count, spacing = features.CONTEXT, 1  # of the rows that are left
        heard = tf.nn.relu(embed(rows))
        parts: tuple[tf.Tensor, ...] = (rows,)

        for block, (look, mix, dilation) in enumerate(zip(network.look, network.mix, dilations, strict=True)):
            double = all(later % (2 * dilation) == 0 for later in dilations[block + 1 :])
            paired = dilation == spacing and count % 2 == 0 and double
            shape = (1, count // 2, 2, -1) if paired else (1, 1, count, -1)
            step = dilation // spacing
            kernel = tf.reshape(look.kernel, (1, 2, network.shape.width, network.shape.width))
            # The Edge TPU wants the same dilation both ways; where it is not one the height is, and it does nothing.
            y = tf.nn.conv2d(tf.reshape(heard, shape), kernel, 1, "VALID", dilations=(step, step)) + look.bias
            y = _dense(tf.nn.relu(y), mix)
            parts = tuple(tf.reshape(part, shape)[:, :, step:] for part in parts)
            x = parts[0] + parts[1] if block else embed(parts[0])
            heard = tf.nn.relu(x + y)
            parts = (x, y)
            count, spacing = (count // 2, 2 * spacing) if paired else (count - step, spacing)
        return tf.matmul(tf.reshape(heard, (1, network.shape.width)), network.hand_over.kernel) + network.hand_over.bias

    return trunk.get_concrete_function()


def _dense(x: tf.Tensor, layer: Any) -> tf.Tensor:
    """A dense layer as a convolution of width one."""
    return tf.nn.conv2d(x, layer.kernel[None, None], 1, "VALID") + layer.bias


def _widened(weights: Any, *, rows: int | None = None, columns: int | None = None) -> Any:
    """Weights as a constant, with zeros after the last row and column up to this size."""
    array = weights.numpy()
    rows, columns = rows or array.shape[0], columns or array.shape[-1]
    missing = [(0, rows - array.shape[0])] if array.ndim > 1 else []
    return np.pad(array, [*missing, (0, columns - array.shape[-1])])


def playing_head(network: Network, layout: Layout) -> Any:
    """The head as a concrete function: hidden (1, hidden) and notes (1, layout.notes) -> (1, layout.said)."""
    told = _widened(network.listen.kernel, rows=layout.notes)
    said = _widened(network.say.kernel, columns=layout.said), _widened(network.say.bias, columns=layout.said)

    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow has no types
        input_signature=[
            tf.TensorSpec((1, network.shape.hidden), name="hidden"),
            tf.TensorSpec((1, layout.notes), name="notes"),
        ]
    )
    def head(hidden: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
        x = tf.nn.relu(hidden + tf.matmul(notes, told))
        x = x + network.think(x)
        return tf.matmul(x, said[0]) + said[1]

    return head.get_concrete_function()
