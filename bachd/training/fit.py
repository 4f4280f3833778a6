"""Train the network, and go on where an interrupted run stopped.

Law: a run is its folder. The same folder, recipe and data continue to the same end; which crops an epoch sees depends
on the recipe's seed and the epoch alone.
"""

from __future__ import annotations

import csv
import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from bachd.errors import UsageError
from bachd.neural import features
from bachd.training.corpus import Corpus
from bachd.training.dataset import Batch, Encoded, batches, encode, in_order, steps_per_epoch
from bachd.training.network import Network, Shape, losses
from bachd.training.progress import progress
from bachd.training.recipe import FILE, Recipe
from bachd.training.score import Score

log = logging.getLogger(__name__)

_RECIPE: Final = "recipe.json"
_SAYS_NOTHING: Final = ("name", "description", "corpus", "seeds")
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


def fit(corpus: Corpus, recipe: Recipe, folder: Path) -> Network:
    """Train, or continue the run in `folder`; returns the averaged weights that did best on 'valid'."""
    encoded = {piece.name: encode(piece) for piece in corpus.pieces("train")}
    train = [encoded[piece.name] for piece in recipe.heard(corpus)]
    valid = [encode(piece) for piece in recipe.held(corpus).pieces("valid")]
    _claim(folder, recipe)
    per_epoch = steps_per_epoch(train, size=recipe.size, crop=recipe.crop)
    run = _Run(recipe, train[0], per_epoch)
    keeper = tf.train.CheckpointManager(run.state, str(folder / "state"), max_to_keep=2)
    if keeper.restore_or_initialize():
        log.info("going on after epoch %d of %d in %s", int(run.done), recipe.epochs, folder)
    step = _stepper(run, recipe)
    first = int(run.done)
    bar = progress(range(first, recipe.epochs), "training", total=recipe.epochs, initial=first, unit="epoch")
    for epoch in bar:
        began, totals = time.monotonic(), Totals()
        rng = np.random.default_rng((recipe.rng, epoch))
        for batch in batches(train, size=recipe.size, crop=recipe.crop, transpose=recipe.transpose, rng=rng):
            totals.add(step(_tensors(batch)))
        score = measure(run.average, valid)
        if score.event_nll < float(run.low):
            run.low.assign(score.event_nll)
            run.best.set_weights(run.average.get_weights())
        run.done.assign(epoch + 1)
        keeper.save()
        _note(folder, epoch + 1, totals.score(), score, time.monotonic() - began)
        bar.set_postfix_str(f"train {totals.score().event_nll:.3f}, valid {score.event_nll:.3f} nats an event")
    return run.best


def trained(folder: Path, recipe: Recipe, corpus: Corpus) -> Network:
    """The best network of the run in `folder`. Raises UsageError when there is none, or of another recipe."""
    newest = tf.train.latest_checkpoint(str(folder / "state"))
    if newest is None:
        raise UsageError(f"{folder} holds no trained network; run 'bachd-train fit' first")
    told, wanted = json.loads((folder / _RECIPE).read_text()), _decisive(recipe)
    if different := [key for key in wanted if told.get(key) != wanted[key]]:
        said = ", ".join(f"{key}: {told.get(key)}" for key in different)
        raise UsageError(f"{folder} was trained with {said}; write that into {FILE}, or train again")
    run = _Run(recipe, encode(corpus.pieces("train")[0]), 1)
    run.state.restore(newest).expect_partial()
    if int(run.done) < recipe.epochs:
        log.warning("the run in %s has had %d of its %d epochs", folder, int(run.done), recipe.epochs)
    return run.best


class _Run:
    """What a run consists of and a checkpoint keeps."""

    def __init__(self, recipe: Recipe, sample: Encoded, per_epoch: int) -> None:
        keras.utils.set_random_seed(recipe.rng)
        self.network, self.average, self.best = (_built(_shape(recipe), sample) for _ in range(3))
        self.average.set_weights(self.network.get_weights())
        schedule = _schedule(recipe, per_epoch)
        self.optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.decay, beta_2=0.98, clipnorm=1.0)
        self.optimizer.exclude_from_weight_decay(var_names=["bias"])
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
    totals = Totals()
    for batch in in_order(pieces, size=16, crop=128):
        totals.add(_measure(network, _tensors(batch)))
    return totals.score()


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _measure(network: Network, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return losses(network(_inputs(batch)), batch["symbols"], batch["lengths"])


def _stepper(run: _Run, recipe: Recipe) -> Any:
    network, average, optimizer = run.network, run.average, run.optimizer

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def step(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            answers = network(_inputs(batch), training=True)
            sums = losses(answers, batch["symbols"], batch["lengths"])
            # Nothing else holds the logits of impossible answers back, and they would stretch the int8 range of all.
            loss = (sums["nll"] + recipe.restraint * sums["symbols"] * tf.reduce_mean(answers[0] ** 2)) / sums["events"]
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        # Early on the average forgets faster, or the random start would weigh in it for many epochs.
        steps = tf.cast(optimizer.iterations, tf.float32)
        keep = tf.minimum(recipe.average, (1 + steps) / (10 + steps))
        for mean, weight in zip(average.trainable_variables, network.trainable_variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * weight)
        return sums

    return step


def _tensors(batch: Batch) -> dict[str, tf.Tensor]:
    return {name: tf.constant(getattr(batch, name)) for name in ("rows", "symbols", "notes", "lengths")}


def _inputs(batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    return batch["rows"], batch["symbols"], batch["notes"]


def _shape(recipe: Recipe) -> Shape:
    return Shape(recipe.width, recipe.hidden, recipe.dilations, recipe.dropout)


def _built(shape: Shape, piece: Encoded) -> Network:
    network = Network(shape)
    batch = next(iter(in_order([piece], size=1, crop=1)))
    network(_inputs(_tensors(batch)))
    return network


def _schedule(recipe: Recipe, per_epoch: int) -> Any:
    total = recipe.epochs * per_epoch
    warm = max(1, total // 10)
    return keras.optimizers.schedules.CosineDecay(
        recipe.peak / 25, total - warm, alpha=0.0, warmup_target=recipe.peak, warmup_steps=warm
    )


def _claim(folder: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's own, or refuse to mix two runs."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_decisive(recipe), indent=2)
    file = folder / _RECIPE
    if file.exists() and file.read_text() != text:
        raise UsageError(f"{folder} holds a run with another recipe; remove it or choose another folder with --work")
    file.write_text(text)


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """What decides what a run learns, as JSON knows it."""
    said = {key: value for key, value in asdict(recipe).items() if key not in _SAYS_NOTHING}
    return dict(json.loads(json.dumps({"features": features.FINGERPRINT, **said})))


def _note(folder: Path, epoch: int, train: Score, valid: Score, seconds: float) -> None:
    file = folder / "log.csv"
    row = {
        "epoch": epoch,
        "train_nll": round(train.event_nll, 4),
        "valid_nll": round(valid.event_nll, 4),
        "valid_note_accuracy": round(valid.note_accuracy, 4),
        "seconds": round(seconds, 1),
    }
    fresh = not file.exists()
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, row)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def plot(folder: Path) -> Path:
    """Draw the learning curve of a run."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    rows = list(csv.DictReader((folder / "log.csv").open()))

    def column(name: str) -> Iterable[float]:
        return [float(row[name]) for row in rows]

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    axes.plot(column("epoch"), column("train_nll"), label="train (with dropout)")
    axes.plot(column("epoch"), column("valid_nll"), label="valid (averaged weights)")
    axes.set(xlabel="epoch", ylabel="nats an event", title=folder.name)
    axes.legend()
    out = folder / "curve.png"
    figure.savefig(out, dpi=120)
    pyplot.close(figure)
    return out
