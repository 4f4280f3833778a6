"""Train the network, and go on where an interrupted run stopped.

Law: a run is its folder. The same folder, recipe and data continue to the same end; which crops an epoch sees depends
on the recipe's seed and the epoch alone.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from bachd.errors import EXIT_UNAVAILABLE, BachdError, UsageError
from bachd.neural import features
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.prediction import Decisions, Score, tally
from bachd.training.fit import train_step
from bachd.training.fit.dataset import EMPTY, Encoded, batches, encode, in_order, steps_per_epoch
from bachd.training.fit.network import Network, Shape
from bachd.training.fit.run_log import Journal
from bachd.training.progress import progress
from bachd.training.recipe import FILE, RENAMED, Recipe

log = logging.getLogger(__name__)

_RECIPE: Final = "recipe.json"
_SAYS_NOTHING: Final = ("sampling", "name", "description", "corpus", "seeds")
"""What a recipe says of the bundle alone."""


class Totals:
    """Adds up what `losses` returns."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}

    def add(self, batch: dict[str, Any]) -> None:
        """Take in one batch."""
        for key, value in batch.items():
            self._sums[key] = self._sums.get(key, 0.0) + float(value)

    def score(self) -> Score:
        """The figures so far."""
        sums = self._sums
        return Score(
            sums["nll"] / sums["events"],
            sums["symbol_hits"] / sums["symbols"],
            sums["length_hits"] / sums["lengths"],
            int(sums["events"]),
        )


class RunError(BachdError):
    """A run cannot be written down."""

    exit_code = EXIT_UNAVAILABLE


def fit(corpus: Corpus, recipe: Recipe, folder: Path, strategy: Any = None) -> Network:
    """Train, or continue the run in `folder`; returns the averaged weights that did best on 'valid', or with
    `use_all` the last ones.

    strategy: what `step.strategy` gave. With workers, all must see the same `folder`: one writes there, and each takes
    up a run from it. Raises RunError when a checkpoint cannot be written.
    """
    strategy = strategy or train_step.strategy("none")
    chief = train_step.is_chief(strategy)
    recipe.require(corpus)
    _claim(folder, recipe)
    pieces = recipe.training_pieces(corpus)
    encoded = {piece.name: encode(piece) for piece in pieces}
    train = [encoded[piece.name] for piece in pieces]
    valid = [] if recipe.use_all else [encode(piece) for piece in recipe.held_out_works(corpus).pieces("valid")]
    per_epoch = steps_per_epoch(train, batch_size=recipe.batch_size, crop_length=recipe.crop_length)
    with strategy.scope():
        run = _Run(recipe, train[0], per_epoch)
    keeper = tf.train.CheckpointManager(run.state, str(folder / "state"), max_to_keep=2)
    if keeper.restore_or_initialize():
        log.info("going on after epoch %d of %d in %s", int(run.done.numpy()), recipe.epochs, folder)
    log.info("training on %s", train_step.described(strategy))
    learn = train_step.stepper(run.network, run.average, run.optimizer, recipe, strategy)
    journal = Journal(folder) if chief else None
    first, total = int(run.done.numpy()), recipe.epochs * per_epoch
    bar = progress((), "training", total=total, initial=first * per_epoch, unit="step")
    for epoch in range(first, recipe.epochs):
        began, totals = time.monotonic(), Totals()
        rng = np.random.default_rng((recipe.rng, epoch))
        for batch in batches(
            train, batch_size=recipe.batch_size, crop_length=recipe.crop_length, transpose=recipe.transpose, rng=rng
        ):
            totals.add(learn(batch))
            bar.update()
        score = measure(run.average, valid) if valid else totals.score()
        if not valid or score.event_nll < float(run.low.numpy()):
            run.low.assign(score.event_nll)
            run.best.set_weights(run.average.get_weights())
        run.done.assign(epoch + 1)
        if journal is not None:
            _keep(keeper, folder)
            rate, seconds = float(run.optimizer.learning_rate), time.monotonic() - began
            journal.epoch(epoch + 1, totals.score(), score, rate=rate, seconds=seconds)
        bar.set_postfix_str(
            f"epoch {epoch + 1}: train {totals.score().event_nll:.3f} nats an event"
            + (f", valid {score.event_nll:.3f}" if valid else "")
        )
        bar.update((epoch + 1) * per_epoch - bar.n)  # an epoch can have one step less
    bar.close()
    return run.best


def _keep(keeper: Any, folder: Path) -> None:
    try:
        keeper.save()
    except tf.errors.OpError as error:  # TensorFlow has no other word for a full disk
        said = str(error.message).splitlines()[0]
        raise RunError(
            f"{folder}: cannot write a checkpoint ({said}); the last finished epoch is kept: make room, and the same "
            "command goes on from it"
        ) from error


def recipe_of_run(folder: Path, recipe: Recipe) -> Recipe:
    """Return the recipe with the epochs that the run in `folder` was started with.

    Raises UsageError when there is no such run, or when it differs from the recipe in anything else.
    """
    told = _recipe_in(folder)
    if told is None or tf.train.latest_checkpoint(str(folder / "state")) is None:
        raise UsageError(f"{folder} holds no trained network; run 'bachd-train fit' first")
    recipe = replace(recipe, epochs=int(told["epochs"]))
    if different := _differences(told, recipe):
        raise UsageError(
            f"{folder} was trained with another recipe ({different}); write that into {FILE}, or train again"
        )
    return recipe


def trained(folder: Path, recipe: Recipe, corpus: Corpus) -> Network:
    """The best network of the run in `folder`, whose recipe this is; see `recipe_of_run`."""
    newest = tf.train.latest_checkpoint(str(folder / "state"))
    run = _Run(recipe, encode(corpus.works[0].piece), 1)
    run.state.restore(newest).expect_partial()
    if int(run.done.numpy()) < recipe.epochs:
        log.warning("the run in %s has had %d of its %d epochs", folder, int(run.done.numpy()), recipe.epochs)
    return run.best


class _Run:
    """What a run consists of and a checkpoint keeps."""

    def __init__(self, recipe: Recipe, sample: Encoded, per_epoch: int) -> None:
        keras.utils.set_random_seed(recipe.rng)
        self.network, self.average, self.best = (_built(_shape(recipe), sample) for _ in range(3))
        self.average.set_weights(self.network.get_weights())
        self.optimizer = train_step.optimizer(recipe, per_epoch)
        self.optimizer.build(self.network.trainable_variables)
        self.done = tf.Variable(0, dtype=tf.int64)
        self.low = tf.Variable(float("inf"))
        # Keras keeps layers that stand in a list out of sight of a checkpoint, so each variable is named to it.
        self.state = tf.train.Checkpoint(
            network=[variable.value for variable in self.network.variables],  # and the state of its dropout
            average=[weight.value for weight in self.average.weights],
            best=[weight.value for weight in self.best.weights],
            optimizer=self.optimizer,
            done=self.done,
            low=self.low,
        )


def measure(network: Network, pieces: Sequence[Encoded]) -> Score:
    """How well a network in its training form predicts some pieces."""
    notes, lengths = [], []
    for batch in in_order(pieces, batch_size=16, crop_length=128):
        said, lasting = _judged(network, train_step.tensors(batch))
        notes.append(said)
        lengths.append(lasting)
    # The lengths stand after all notes here; `tally` counts both apart.
    return tally(Decisions(*(np.concatenate(column) for column in zip(*notes, *lengths, strict=True))))


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _judged(network: Network, batch: dict[str, tf.Tensor]) -> Any:
    """The decisions about the notes of a batch, and those about its lengths, as columns of `Decisions`."""
    logits, possible, _ = network(train_step.inputs(batch))
    logits = tf.where(possible, logits, -1e9)
    asked = batch["symbols"] != EMPTY
    truth = tf.boolean_mask(batch["symbols"], asked)
    lengths = tf.boolean_mask(batch["lengths"], batch["lengths"] != EMPTY)
    ends = tf.boolean_mask(logits[:, features.SYMBOLS :], truth == features.END)
    return _columns(logits[:, : features.SYMBOLS], truth, 0), _columns(ends, lengths, features.SYMBOLS)


def _columns(logits: tf.Tensor, truth: tf.Tensor, first: int) -> tuple[tf.Tensor, ...]:
    sure = tf.nn.log_softmax(tf.cast(logits, tf.float64))
    nats = -tf.gather(sure, truth, batch_dims=1)
    hits = tf.argmax(logits, axis=-1, output_type=truth.dtype) == truth
    return truth + first, nats, tf.exp(tf.reduce_max(sure, axis=-1)), hits


def _shape(recipe: Recipe) -> Shape:
    return Shape(
        recipe.width, recipe.hidden, recipe.dilations, recipe.dropout, recipe.context_dropout, recipe.intervals
    )


def _built(shape: Shape, piece: Encoded) -> Network:
    network = Network(shape)
    batch = next(iter(in_order([piece], batch_size=1, crop_length=1)))
    network(train_step.inputs(train_step.tensors(batch)))
    return network


def _claim(folder: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's own, or refuse to mix two runs."""
    told = _recipe_in(folder)
    if told is None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _RECIPE).write_text(json.dumps(_decisive(recipe), indent=2))
    elif different := _differences(told, recipe):
        why = (
            "; a run cannot be lengthened, for its learning rate falls towards its end" if "epochs" in different else ""
        )
        raise UsageError(
            f"{folder} holds a run with another recipe ({different}){why}; remove the folder, or choose another one with "
            "--work"
        )


def _recipe_in(folder: Path) -> dict[str, Any] | None:
    """What decided the run in `folder`, under the names of today; None if there is no run."""
    file = folder / _RECIPE
    if not file.exists():
        return None
    return {RENAMED.get(key, key): value for key, value in json.loads(file.read_text()).items()}


def _differences(told: dict[str, Any], recipe: Recipe) -> str:
    """In what a run differs from a recipe, for people; '' if in nothing."""
    usual = _decisive(Recipe())
    wanted = _decisive(recipe)
    return ", ".join(
        f"{key}: {was} there, {wanted[key]} here" for key in wanted if (was := told.get(key, usual[key])) != wanted[key]
    )


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """What decides what a run learns, as JSON knows it."""
    said = {key: value for key, value in asdict(recipe).items() if key not in _SAYS_NOTHING}
    return dict(json.loads(json.dumps({"features": features.FINGERPRINT, **said})))
