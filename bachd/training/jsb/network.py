"""Define the network with the benchmark's inputs and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from bachd.training.fit import step_math, train_step
from bachd.training.fit.dataset import EMPTY, Encoded, in_order
from bachd.training.fit.network import NEVER, Network, Shape, cross_entropy
from bachd.training.jsb.data import VOICES
from bachd.training.jsb.features import (
    ANSWERS,
    COPY,
    DECISION,
    LASTING,
    LAYOUT,
    LEFT,
    PLACES,
    PROPOSED,
    SAID_BELOW,
    SAID_DEGREE,
    SAID_STEP,
    SILENCE,
    SPAN,
    SPANS,
    TONIC,
)
from bachd.training.jsb.mixture import Logits
from bachd.training.recipe import Recipe


class ChoraleNetwork(Network):
    """The network with the benchmark's inputs and outputs."""

    def __init__(self, recipe: Recipe, voiced: bool) -> None:
        shape = Shape(recipe.width, recipe.hidden, recipe.dilations, recipe.dropout, recipe.context_dropout)
        super().__init__(shape, LAYOUT)
        self.voiced = voiced

    def possible(self, notes: Any) -> Any:
        """Mask of the possible answers after the notes so far: from (N, notes) to (N, ANSWERS)."""
        answers = ops.arange(ANSWERS)
        if self.voiced:
            return (notes[:, DECISION + VOICES, None] > 0) == (answers >= LASTING)
        # Down from the lowest pitch chosen; nothing but silence follows silence.
        chosen = ops.any(ops.reshape(notes[:, :LEFT], (-1, VOICES, PLACES)) > 0, axis=1)
        below = ops.cumsum(ops.cast(chosen, "int32"), axis=-1)[:, :SILENCE] == 0
        pitches = below & ~chosen[:, SILENCE:]
        never = ops.zeros_like(notes[:, : ANSWERS - LASTING]) > 0
        return ops.concatenate([pitches, ops.ones_like(chosen[:, :1]), never], axis=-1)

    def answers(self, said: Any, notes: Any) -> Any:
        """Logits (N, ANSWERS) from what is said after `notes` (N, NOTES)."""
        logits = said[:, :ANSWERS] + said[:, COPY : COPY + 1] * notes[:, PROPOSED:]
        decision = notes[:, DECISION : DECISION + VOICES]
        chosen, before = (
            ops.reshape(notes[:, at : at + LEFT], (-1, VOICES, PLACES))[..., :SILENCE] for at in (0, LEFT)
        )
        own = ops.sum(before * decision[..., None], axis=1)
        above = ops.sum(chosen[:, :-1] * decision[:, 1:, None], axis=1)
        more = _spread(said[:, SAID_STEP:SAID_BELOW], own) + _spread(said[:, SAID_BELOW:SAID_DEGREE], above)
        more = more + _degrees(said[:, SAID_DEGREE:], notes[:, TONIC : TONIC + 12]) * ops.sum(
            decision, axis=1, keepdims=True
        )
        return logits + ops.pad(more, ((0, 0), (0, ANSWERS - SILENCE)))

    def decide(self, piece: Encoded) -> Logits:
        """Logits of all decisions of a piece, in order; -inf where an answer is impossible."""
        (batch,) = in_order([piece], batch_size=1, crop_length=-(-len(piece.rows) // 64) * 64)
        logits, possible, _ = _call(self, step_math.inputs(train_step.tensors(batch)))
        return masked(logits.numpy(), possible.numpy())

    def losses(self, answers: tuple[Any, ...], batch: Mapping[str, Any]) -> dict[str, Any]:
        """Sums over a batch: nats and chords."""
        logits = ops.where(answers[1], answers[0], NEVER)
        asked = ops.cast(batch["symbols"] != EMPTY, "float32")
        return {
            "nll": ops.sum(cross_entropy(logits, ops.maximum(batch["symbols"], 0)) * asked),
            "events": batch["events"],
        }


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _call(network: ChoraleNetwork, inputs: Any) -> Any:
    return network(inputs)


def masked(logits: npt.NDArray[np.float32], possible: npt.NDArray[np.bool_]) -> Logits:
    """Return logits with -inf where an answer is impossible."""
    return np.where(possible, logits.astype(np.float64), -np.inf)


def _spread(said: Any, origin: Any) -> Any:
    """What is said (N, SPANS) of each distance from a pitch, marked in `origin` (N, SILENCE), for each pitch."""
    known = ops.any(origin > 0, axis=-1, keepdims=True)
    distances = ops.arange(SILENCE, dtype="int32") - ops.cast(ops.argmax(origin, axis=-1), "int32")[:, None] + SPAN
    near = known & (distances >= 0) & (distances < SPANS)
    return ops.where(near, ops.take_along_axis(said, ops.clip(distances, 0, SPANS - 1), axis=1), 0.0)


def _degrees(said: Any, tonics: Any) -> Any:
    """What is said (N, 12) of each degree of a tonic, marked in `tonics` (N, 12), for each pitch (N, SILENCE)."""
    known = ops.any(tonics > 0, axis=-1, keepdims=True)
    classes = (ops.arange(SILENCE, dtype="int32") - ops.cast(ops.argmax(tonics, axis=-1), "int32")[:, None]) % 12
    return ops.where(known, ops.take_along_axis(said, classes, axis=1), 0.0)
