"""Compute a training step with TensorFlow on replicas: devices of this machine, or machines.

Law: N replicas compute what one would. Each takes its share of the crops, and gradients are summed over the events of
all before anything else is done with them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import tensorflow as tf

from bachd.training.fit.data.stream import Share
from bachd.training.fit.dataset import Batch
from bachd.training.fit.network import Network
from bachd.training.fit.step_math import CLIP, Arrays, Step, flat, inputs, kept, penalties
from bachd.training.recipe import Recipe

_MULTIPLE: Final = 256
"""Symbols of a batch are filled up to a multiple of this: oneDNN keeps what it has compiled for each size."""
STRATEGIES: Final = ("none", "mirrored", "workers")


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


def described(strategy: Any) -> str:
    """Describe the devices, for the log."""
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    count = strategy.num_replicas_in_sync
    return f"a {kind}" if count == 1 else f"{count} replicas, here on a {kind}"


def share(strategy: Any) -> Share:
    """Return which crops of each batch this process reads: those of its own replicas."""
    own: list[int] = []

    def note(context: Any) -> Any:
        own.append(int(context.replica_id_in_sync_group))
        return tf.constant(0)

    strategy.experimental_distribute_values_from_function(note)
    return Share(own[0] // len(own), strategy.num_replicas_in_sync // len(own))


def stepper(network: Network, average: Network, adam: Any, recipe: Recipe, strategy: Any) -> Step:
    """Return the function that learns from one batch and returns the sums of `Network.losses`, over all workers.

    A worker is given its `share` of the batch. average: the network that follows the running average of the weights.
    """
    replicas = strategy.num_replicas_in_sync
    here = replicas // share(strategy).workers

    def learn(batch: Arrays) -> Arrays:
        with tf.GradientTape() as tape:
            answers = network(inputs(batch), training=True)
            sums = network.losses(answers, batch)
            sums["events"] = sums["events"] + 0.0  # what is only passed through stands on no device to be reduced on
            loss = sums["nll"] + penalties(answers, batch["symbols"], recipe)
        gradients = tape.gradient(loss, network.trainable_variables)
        replica = tf.distribute.get_replica_context()
        gradients, sums = replica.all_reduce(tf.distribute.ReduceOp.SUM, (gradients, sums))
        events = tf.maximum(sums["events"], 1.0)  # nothing is to be predicted in a crop between two pieces
        gradients = [tf.clip_by_norm(gradient / events, CLIP) for gradient in gradients]
        # Keras sums over the replicas once more: too late for clipping, and here it must change nothing.
        shares = [gradient / replicas for gradient in gradients]
        adam.apply_gradients(zip(shares, network.trainable_variables, strict=True))
        return dict(sums)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def step(shares: Any) -> Arrays:
        sums = strategy.run(learn, args=(shares,))
        keep = kept(recipe, adam.iterations)
        for mean, weight in zip(average.trainable_variables, network.trainable_variables, strict=True):
            strategy.extended.update(mean.value, _approach, args=(weight.value, keep))
        return {name: strategy.experimental_local_results(value)[0] for name, value in sums.items()}

    def share_out(batch: Batch) -> dict[str, float]:
        if replicas == 1:
            return _numbers(step(tensors(batch, _MULTIPLE)))
        parts = iter(_split(batch, here))
        shares = strategy.experimental_distribute_values_from_function(lambda _: tensors(next(parts), _MULTIPLE))
        return _numbers(step(shares))

    return share_out


def tensors(batch: Batch, multiple: int = 1) -> Arrays:
    """Return a batch as `step_math.flat` has it, as tensors."""
    return {name: tf.constant(array) for name, array in flat(batch, multiple).items()}


def _approach(mean: Any, weight: tf.Tensor, keep: tf.Tensor) -> None:
    mean.assign(keep * mean + (1 - keep) * weight)


def _split(batch: Batch, parts: int) -> list[Batch]:
    """Split the crops as evenly as possible; some parts may be empty."""
    cuts = [np.array_split(getattr(batch, name), parts) for name in ("rows", "symbols", "notes", "lengths")]
    return [Batch(*arrays) for arrays in zip(*cuts, strict=True)]


def _numbers(sums: Arrays) -> dict[str, float]:
    return {name: float(value) for name, value in sums.items()}
