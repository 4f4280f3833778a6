"""Train one network of the benchmark on the training split, and keep the epoch that is best on 'valid'."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from bachd.training.fit import step_math, train_step
from bachd.training.fit.dataset import Encoded, in_order, shuffled, steps_per_epoch
from bachd.training.jsb.data import Benchmark
from bachd.training.jsb.features import encode
from bachd.training.jsb.mixture import nats_a_unit, sure
from bachd.training.jsb.network import ChoraleNetwork
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

_LOOK: Final = 5
"""Epochs between two evaluations on 'valid'."""


def moved(data: Benchmark, rng: np.random.Generator, recipe: Recipe) -> list[Encoded]:
    """Return the pieces for training in random order, each moved by a random interval."""
    pieces, (low, high) = data.splits["train"], recipe.transpose
    return [encode(pieces[at], data, int(rng.integers(low, high + 1))) for at in rng.permutation(len(pieces))]


def built(data: Benchmark, recipe: Recipe) -> ChoraleNetwork:
    """Return a network with its first weights."""
    network = ChoraleNetwork(recipe, data.voiced)
    (batch, *_) = in_order([encode(data.splits["train"][0], data)], batch_size=1, crop_length=1)
    network(step_math.inputs(train_step.tensors(batch)))
    return network


def train(data: Benchmark, recipe: Recipe, folder: Path) -> ChoraleNetwork:
    """Train, or go on with the run in `folder`; return the averaged weights that did best on 'valid'."""
    keras.utils.set_random_seed(recipe.rng)
    network, average, best = (built(data, recipe) for _ in range(3))
    average.set_weights(network.get_weights())
    pieces = [encode(piece, data) for piece in data.splits["train"]]
    per_epoch = steps_per_epoch(pieces, batch_size=recipe.batch_size, crop_length=recipe.crop_length)
    adam = step_math.optimizer(recipe, per_epoch)
    adam.build(network.trainable_variables)
    done, low = tf.Variable(0, dtype=tf.int64), tf.Variable(float("inf"))
    state = tf.train.Checkpoint(
        networks=[variable.value for each in (network, average, best) for variable in each.variables],
        optimizer=adam,
        done=done,
        low=low,
    )
    keeper = tf.train.CheckpointManager(state, str(folder / "state"), max_to_keep=1)
    keeper.restore_or_initialize()
    learn = train_step.stepper(network, average, adam, recipe, train_step.strategy("none"))
    first = int(done.numpy())
    bar = progress(range(first, recipe.epochs), "training", initial=first, total=recipe.epochs, unit="epoch")
    for epoch in bar:
        rng = np.random.default_rng((recipe.rng, epoch))
        sums = {"nll": 0.0, "events": 0.0}
        for batch in shuffled(
            moved(data, rng, recipe), batch_size=recipe.batch_size, crop_length=recipe.crop_length, rng=rng
        ):
            sums = {name: sums[name] + value for name, value in learn(batch).items()}
        if (epoch + 1) % _LOOK and epoch + 1 < recipe.epochs:
            continue
        valid = measure(average, data)
        if valid < float(low.numpy()):
            low.assign(valid)
            best.set_weights(average.get_weights())
        done.assign(epoch + 1)
        keeper.save()
        bar.set_postfix_str(f"train {sums['nll'] / sums['events']:.3f} nats a chord, valid {valid:.4f} a {data.unit}")
    return best


def measure(network: ChoraleNetwork, data: Benchmark) -> float:
    """Return nats a unit of 'valid' in its own key, by one network in its training form."""
    return nats_a_unit((sure(network.decide, piece, data, 0) for piece in data.splits["valid"]), data, "valid")
