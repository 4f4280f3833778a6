"""Compute a training step with JAX, on one device.

Law: it learns what `train_step` learns, but for what dropout silences.
"""

from __future__ import annotations

from typing import Any, Final

import jax
from keras import ops

from bachd.training.fit.dataset import Batch
from bachd.training.fit.network import Network
from bachd.training.fit.step_math import CLIP, Arrays, Step, flat, inputs, kept, penalties
from bachd.training.recipe import Recipe

_MULTIPLE: Final = 1024
"""Symbols of a batch are filled up to a multiple of this, so that few graphs are compiled."""


def stepper(network: Network, average: Network, adam: Any, recipe: Recipe) -> Step:
    """Return the function that learns from one batch and returns the sums of `Network.losses`.

    average: the network that follows the running average of the weights.
    """

    def objective(weights: list[Any], others: list[Any], batch: Arrays) -> tuple[Any, Any]:
        answers, others = network.stateless_call(weights, others, inputs(batch), training=True)
        sums = network.losses(answers, batch)
        return sums["nll"] + penalties(answers, batch["symbols"], recipe), (sums, others)

    @jax.jit  # type: ignore[untyped-decorator]
    def step(state: tuple[list[Any], ...], batch: Arrays) -> tuple[tuple[list[Any], ...], Arrays]:
        weights, others, moments, means = state
        gradients, (sums, others) = jax.grad(objective, has_aux=True)(weights, others, batch)
        events = ops.maximum(sums["events"], 1.0)  # nothing is to be predicted in a crop between two pieces
        gradients = [_clipped(gradient / events) for gradient in gradients]
        weights, moments = adam.stateless_apply(moments, gradients, weights)
        keep = kept(recipe, moments[0])  # Keras' optimizers count their steps first
        means = [keep * mean + (1 - keep) * weight for mean, weight in zip(means, weights, strict=True)]
        return (weights, others, moments, means), sums

    variables = (
        network.trainable_variables,
        network.non_trainable_variables,
        adam.variables,
        average.trainable_variables,
    )

    def learn(batch: Batch) -> dict[str, float]:
        state = tuple([variable.value for variable in some] for some in variables)
        state, sums = step(state, flat(batch, _MULTIPLE))
        for some, values in zip(variables, state, strict=True):
            for variable, value in zip(some, values, strict=True):
                variable.assign(value)
        return {name: float(value) for name, value in sums.items()}

    return learn


def _clipped(gradient: Any) -> Any:
    return gradient / ops.maximum(1.0, ops.sqrt(ops.sum(gradient**2)) / CLIP)
