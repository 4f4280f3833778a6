"""Train the LSTM of the article "Play Bach", with its attention repaired, on the same split as bachd's network.

Law: it learns from the same pieces, moved to the same keys, and is measured on the same events as the network.

One token is all that an event sounds, with who starts and who is held; tokens and lengths are embedded, two LSTM layers
read them, attention weighs the last CONTEXT states, and two heads say the next token and its length. In the article the
weights of the attention did not sum over time; here the newest state asks, a softmax over time answers (scaled dot
product, Vaswani et al. 2017), and the heads see the weighted sum beside the newest state.

A token that training does not hold twice is `unknown`. So that there is a proper distribution over all events, what
`unknown` is given is spread over all chords, each spelled note by note with every possible symbol equally likely. A
piece is read from its start in one go under a mask: the attention sees CONTEXT states, but a state may remember more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from bachd.music.piece import Piece
from bachd.neural import features
from bachd.training.baselines.lstm_tokens import (
    CROP,
    END_OF_PIECE,
    NO_LENGTH,
    UNKNOWN,
    Numbered,
    Row,
    Vocabulary,
    crops,
    fits,
    numbered,
    row,
    vocabulary,
)
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

_WIDTH: Final = 256
_TOKEN_WIDTH: Final = 96
_LENGTH_WIDTH: Final = 32
_DROPOUT: Final = 0.3
_RATE: Final = 2e-3
_SIZE: Final = 16
"""Crops a step."""
_STEPS: Final = 40
"""Steps a round; after each, the pieces for choosing are predicted, and without gain the rate is halved."""
_ROUNDS: Final = 24
_PATIENCE: Final = 4
"""Rounds without gain after which it ends."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Quality of its predictions; fields are named as in `Score`."""

    event_nll: float
    pitch_event_nll: float
    pitch_event_accuracy: float
    length_accuracy: float
    events: int
    tokens: int
    """Size of the vocabulary."""
    unknown: float
    """Share of the events whose token is not in it."""


class Attention(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Attend from each state to the last CONTEXT ones."""

    def __init__(self) -> None:
        super().__init__()
        self.ask = keras.layers.Dense(_WIDTH, use_bias=False)

    def weights_over_time(self, states: tf.Tensor) -> tf.Tensor:
        """States (B, T, D) -> weights (B, T, T): for each place a distribution over it and the CONTEXT - 1 before."""
        scores = tf.matmul(self.ask(states), states, transpose_b=True) / states.shape[-1] ** 0.5
        place = tf.range(tf.shape(states)[1])
        back = place[:, None] - place
        return tf.nn.softmax(tf.where((back >= 0) & (back < features.CONTEXT), scores, -1e9))

    def call(self, states: tf.Tensor) -> tf.Tensor:
        """States (B, T, D) -> their weighted sums (B, T, D)."""
        return tf.matmul(self.weights_over_time(states), states)


class ArticleLSTM(keras.Model):  # type: ignore[misc]  # Keras has no types
    """Tokens and lengths so far -> logits for the next of each."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        wide = keras.initializers.RandomNormal(stddev=0.5)  # ten times Keras's usual: from there it learns at once
        self.of_token = keras.layers.Embedding(tokens, _TOKEN_WIDTH, wide)
        self.of_length = keras.layers.Embedding(NO_LENGTH + 1, _LENGTH_WIDTH, wide)
        self.first = keras.layers.LSTM(_WIDTH, return_sequences=True)
        self.second = keras.layers.LSTM(_WIDTH, return_sequences=True)
        self.attention = Attention()
        self.dropout = keras.layers.Dropout(_DROPOUT)
        self.say_token = keras.layers.Dense(tokens)
        self.say_length = keras.layers.Dense(len(features.LENGTHS))

    def call(self, inputs: tuple[Any, Any, Any], training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Tokens and lengths (B, T), and where of N places something is to be said, as booleans (B, T).

        Returns logits (N, vocabulary) and (N, LENGTHS).
        """
        read, before, asked = inputs
        x = tf.concat([self.of_token(read), self.of_length(before)], axis=-1)
        x = self.first(self.dropout(x, training=training))
        x = self.second(self.dropout(x, training=training))
        x = tf.boolean_mask(tf.concat([x, self.attention(x)], axis=-1), asked)
        x = self.dropout(x, training=training)
        return self.say_token(x), self.say_length(x)


def measure(train: Sequence[Piece], valid: Sequence[Piece], test: Sequence[Piece], recipe: Recipe) -> Figures:
    """Train on some pieces, choose the epoch on others, and return how well it predicts the last.

    train: as often as an epoch hears each. Of the recipe only `transpose` and `rng` are used.
    """
    keras.utils.set_random_seed(recipe.rng)
    shifts = range(recipe.transpose[0], recipe.transpose[1] + 1)
    moved = {piece.name: [row(piece, shift) for shift in shifts if fits(piece, shift)] for piece in train}
    known = vocabulary(each for rows in moved.values() for each in rows)
    keys = [[numbered(each, known) for each in moved[piece.name]] for piece in train]
    stream = _endless(keys, np.random.default_rng(recipe.rng))
    network = ArticleLSTM(len(known) + END_OF_PIECE)
    choosing = [row(piece) for piece in valid]
    step = _stepper(network)
    best, weights, idle = float("inf"), network.get_weights(), 0
    for _ in (bar := progress(range(_ROUNDS), "training the LSTM", unit="round")):
        for _ in range(_STEPS):
            step(*map(np.stack, zip(*islice(stream, _SIZE), strict=True)))
        nats = _score(network, choosing, known).event_nll
        bar.set_postfix_str(f"valid {nats:.3f} nats an event")
        if nats < best:
            best, weights, idle = nats, network.get_weights(), 0
            continue
        idle += 1
        if idle == _PATIENCE:
            break
        network.optimizer.learning_rate.assign(network.optimizer.learning_rate * 0.5)
    network.set_weights(weights)
    return _score(network, [row(piece) for piece in test], known)


def _endless(keys: Sequence[Sequence[Numbered]], rng: np.random.Generator) -> Iterator[Numbered]:
    """Yield crops endlessly: pass by pass each piece in one of its keys, cut and shuffled at random."""
    while True:
        cut = [crop for rows in keys for crop in crops(rows[int(rng.integers(len(rows)))], int(rng.integers(CROP)))]
        yield from (cut[index] for index in rng.permutation(len(cut)))


def _stepper(network: ArticleLSTM) -> Any:
    network.optimizer = keras.optimizers.Adam(_RATE, clipnorm=1.0)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def step(read: tf.Tensor, before: tf.Tensor, said: tf.Tensor, lengths: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            asked = said >= 0
            tokens, lasting = network((read, before, asked), training=True)
            said, lengths = tf.boolean_mask(said, asked), tf.boolean_mask(lengths, asked)
            timed = lengths >= 0
            nats = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(said, tokens))
            nats += tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(
                    tf.boolean_mask(lengths, timed), tf.boolean_mask(lasting, timed)
                )
            )
        gradients = tape.gradient(nats, network.trainable_variables)
        network.optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return step


def _score(network: ArticleLSTM, rows: Sequence[Row], known: Vocabulary) -> Figures:
    nats = pitch_nats = 0.0
    events = struck = right = lengths = length_hits = unknown = 0
    for each in rows:
        read, before, said, lasts = numbered(each, known)
        answers = _answer(network, tf.constant(read[None]), tf.constant(before[None]))
        tokens, lasting = (tf.nn.log_softmax(answer).numpy() for answer in answers)
        named = said != UNKNOWN
        by_name = np.where(named, tokens[np.arange(len(said)), said], -np.inf)
        surprise = -np.logaddexp(by_name, tokens[:, UNKNOWN] - each.spelling)
        timed = lasts >= 0
        nats += float(surprise.sum() - lasting[timed, lasts[timed]].sum())
        pitch_nats += float(surprise[each.struck].sum())
        right += int(((tokens.argmax(-1) == said) & named)[each.struck].sum())
        length_hits += int((lasting.argmax(-1) == lasts)[timed].sum())
        events, struck, lengths = events + len(said), struck + int(each.struck.sum()), lengths + int(timed.sum())
        unknown += int((~named).sum())
    return Figures(
        nats / events, pitch_nats / struck, right / struck, length_hits / lengths, events, len(known), unknown / events
    )


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _answer(network: ArticleLSTM, read: tf.Tensor, before: tf.Tensor) -> Any:
    return network((read, before, tf.ones_like(read, tf.bool)))
