"""Compute a training step on replicas: devices of this machine, or machines.

Law: N replicas compute what one would. Each takes its share of the crops, and gradients are summed over the events of
all before anything else is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from bachd.neural import features
from bachd.training.fit.dataset import Batch
from bachd.training.fit.network import Network
from bachd.training.recipe import Recipe

STRATEGIES: Final = ("none", "mirrored", "workers")
_CLIP: Final = 1.0
"""Longest gradient of one variable, in nats an event."""

Tensors = dict[str, Any]
Step = Callable[[Batch], dict[str, float]]


def strategy(name: str) -> Any:
    """Return TensorFlow's distribution strategy: 'none', 'mirrored' over all GPUs here, 'workers' over machines.

    For workers, TF_CONFIG in the environment names them all and says which this one is, as TensorFlow describes it
    (https://www.tensorflow.org/guide/distributed_training#TF_CONFIG). Returns when all are there; nothing may have been
    computed before.
    """
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    return tf.distribute.MultiWorkerMirroredStrategy()


def is_chief(strategy: Any) -> bool:
    """Return whether this process is the one that writes checkpoints and logs."""
    task = getattr(strategy, "cluster_resolver", None)
    return task is None or not task.task_type or (task.task_type, task.task_id) in (("chief", 0), ("worker", 0))


def described(strategy: Any) -> str:
    """Describe the devices, for the log."""
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    count = strategy.num_replicas_in_sync
    return f"a {kind}" if count == 1 else f"{count} replicas, here on a {kind}"


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


def stepper(network: Network, average: Network, adam: Any, recipe: Recipe, strategy: Any) -> Step:
    """Return the function that learns from one batch and returns the sums of `Network.losses`.

    average: the network that follows the running average of the weights.
    """
    replicas = strategy.num_replicas_in_sync

    def learn(batch: Tensors) -> Tensors:
        with tf.GradientTape() as tape:
            answers = network(inputs(batch), training=True)
            sums = network.losses(answers, batch["symbols"], batch["lengths"])
            loss = sums["nll"] + _penalties(answers, recipe)
        gradients = tape.gradient(loss, network.trainable_variables)
        here = tf.distribute.get_replica_context()
        gradients, sums = here.all_reduce(tf.distribute.ReduceOp.SUM, (gradients, sums))
        events = tf.maximum(sums["events"], 1.0)  # nothing is to be predicted in a crop between two pieces
        gradients = [tf.clip_by_norm(gradient / events, _CLIP) for gradient in gradients]
        # Keras sums over the replicas once more: too late for clipping, and here it must change nothing.
        shares = [gradient / replicas for gradient in gradients]
        adam.apply_gradients(zip(shares, network.trainable_variables, strict=True))
        return dict(sums)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def step(shares: Any) -> Tensors:
        sums = strategy.run(learn, args=(shares,))
        # Early on the average forgets faster, or the random start would weigh in it for many epochs.
        steps = tf.cast(adam.iterations, tf.float32)
        keep = tf.minimum(recipe.ema_decay, (1 + steps) / (10 + steps))
        for mean, weight in zip(average.trainable_variables, network.trainable_variables, strict=True):
            strategy.extended.update(mean.value, _approach, args=(weight.value, keep))
        return {name: strategy.experimental_local_results(value)[0] for name, value in sums.items()}

    def share_out(batch: Batch) -> dict[str, float]:
        if replicas == 1:
            return _numbers(step(tensors(batch)))
        parts = _split(batch, replicas)
        shares = strategy.experimental_distribute_values_from_function(
            lambda context: tensors(parts[context.replica_id_in_sync_group])
        )
        return _numbers(step(shares))

    return share_out


def tensors(batch: Batch) -> Tensors:
    """Return a batch as tensors."""
    return {name: tf.constant(getattr(batch, name)) for name in ("rows", "symbols", "notes", "lengths")}


def inputs(batch: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the arguments of `Network.call`."""
    return batch["rows"], batch["symbols"], batch["notes"]


def _penalties(answers: tuple[tf.Tensor, ...], recipe: Recipe) -> tf.Tensor:
    """Return the penalties that are added to the nats of a batch: on logits, and label smoothing."""
    logits, possible, raw = answers
    # Nothing else holds back what is said of impossible answers, and it would stretch the int8 range of all.
    penalties = recipe.logit_penalty * tf.reduce_sum(tf.reduce_mean(raw**2, axis=-1))
    if recipe.label_smoothing:
        said, allowed = logits[:, : features.SYMBOLS], possible[:, : features.SYMBOLS]
        sure = tf.nn.log_softmax(tf.where(allowed, said, -1e9))
        even = -tf.reduce_sum(tf.where(allowed, sure, 0.0), -1) / tf.reduce_sum(tf.cast(allowed, tf.float32), -1)
        penalties += recipe.label_smoothing / (1 - recipe.label_smoothing) * tf.reduce_sum(even)
    return penalties


def _approach(mean: Any, weight: tf.Tensor, keep: tf.Tensor) -> None:
    mean.assign(keep * mean + (1 - keep) * weight)


def _split(batch: Batch, parts: int) -> list[Batch]:
    """Split the crops as evenly as possible; some parts may be empty."""
    cuts = [np.array_split(getattr(batch, name), parts) for name in ("rows", "symbols", "notes", "lengths")]
    return [Batch(*arrays) for arrays in zip(*cuts, strict=True)]


def _numbers(sums: Tensors) -> dict[str, float]:
    return {name: float(value) for name, value in sums.items()}
