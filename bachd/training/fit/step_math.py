"""Define what a training step computes, whichever of Keras' backends computes it.

Law: nothing here belongs to one backend; gradients and devices are the business of `train_step` and `jax_step`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from bachd.neural import features
from bachd.training.fit.dataset import EMPTY, Batch
from bachd.training.fit.network import NEVER, Network
from bachd.training.recipe import Recipe

CLIP: Final = 1.0
"""Longest gradient of one variable, in nats an event."""

Arrays = dict[str, Any]
Step = Callable[[Batch], dict[str, float]]


def flat(batch: Batch, multiple: int = 1) -> Arrays:
    """Return the N symbols of a batch in a row, as `Network.call` and `Network.losses` take them.

    'rows' (B, T + LEAD, ROW); 'where' (N,): which of the B * T predictions each is part of; 'notes' (N, NOTES);
    'symbols' and 'lengths' (N,); 'events': how many predictions there are. multiple: fill N up with EMPTY symbols.
    """
    crop, place, count = np.nonzero(batch.symbols != EMPTY)
    fill = -len(crop) % multiple
    where = (crop * batch.symbols.shape[1] + place).astype(np.int32)
    arrays = {
        "where": where,
        "notes": batch.notes[crop, place, count],
        "symbols": batch.symbols[crop, place, count],
        "lengths": batch.lengths[crop, place],
    }
    if fill:
        padding = {"symbols": EMPTY, "lengths": EMPTY}
        for name, array in arrays.items():
            wide = [(0, fill), *[(0, 0)] * (array.ndim - 1)]
            arrays[name] = np.pad(array, wide, constant_values=padding.get(name, 0))
    return {"rows": batch.rows, **arrays, "events": np.float32(len(np.unique(where)))}


def inputs(arrays: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return the arguments of `Network.call`."""
    return arrays["rows"], arrays["where"], arrays["notes"]


def optimizer(recipe: Recipe, per_epoch: int) -> Any:
    """Return AdamW; its rate rises over the first tenth of the run and falls as a cosine. per_epoch: steps."""
    total = recipe.epochs * per_epoch
    warm = max(1, total // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 25,
        max(1, total - warm),
        alpha=0.0,
        warmup_target=recipe.learning_rate,
        warmup_steps=warm,
    )
    adam = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, beta_2=0.98)
    adam.exclude_from_weight_decay(var_names=["bias"])
    return adam


def penalties(answers: tuple[Any, ...], symbols: Any, recipe: Recipe) -> Any:
    """Return the penalties that are added to the nats of a batch: on logits, and label smoothing."""
    logits, possible, raw = answers
    asked = ops.cast(symbols != EMPTY, "float32")
    # Nothing else holds back what is said of impossible answers, and it would stretch the int8 range of all.
    found = recipe.logit_penalty * ops.sum(ops.mean(raw**2, axis=-1) * asked)
    if recipe.label_smoothing:
        said, allowed = logits[:, : features.SYMBOLS], possible[:, : features.SYMBOLS]
        sure = ops.log_softmax(ops.where(allowed, said, NEVER), axis=-1)
        even = -ops.sum(ops.where(allowed, sure, 0.0), -1) / ops.sum(ops.cast(allowed, "float32"), -1)
        found += recipe.label_smoothing / (1 - recipe.label_smoothing) * ops.sum(even * asked)
    return found


def kept(recipe: Recipe, steps: Any) -> Any:
    """Return the share of the running average of the weights that a step keeps."""
    # Early on the average forgets faster, or the random start would weigh in it for many epochs.
    steps = ops.cast(steps, "float32")
    return ops.minimum(recipe.ema_decay, (1 + steps) / (10 + steps))


def compiled(network: Network, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays that uses the weights of a network, compiled by the backend."""
    if keras.backend.backend() != "jax":
        import tensorflow as tf

        graph: Callable[..., Any] = tf.function(function, reduce_retracing=True)
        return graph
    import jax

    @jax.jit  # type: ignore[untyped-decorator]
    def pure(values: list[Any], *arguments: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(network.variables, values, strict=True))):
            return function(*arguments)

    return lambda *arguments: pure([variable.value for variable in network.variables], *arguments)
