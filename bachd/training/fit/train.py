"""Train the network, and go on where an interrupted run stopped.

Law: a run is its folder. The same folder, recipe and data continue to the same end; which crops an epoch sees depends
on the recipe's seed and the epoch alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from bachd.errors import EXIT_UNAVAILABLE, BachdError
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.training.corpus import sources
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.prediction import Decisions, Score, Tally
from bachd.training.fit import altered, examples, own_past, piece_files, run_folder, stream, train_step
from bachd.training.fit.background import ahead
from bachd.training.fit.dataset import EMPTY, Batch
from bachd.training.fit.network import Network, Shape
from bachd.training.fit.records import Ints, Packed, pack
from bachd.training.fit.run_log import RunLog
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

log = logging.getLogger(__name__)

_REST: Final = pack([(Piece("rest", (Event((), (), 24),), Grid()), None)])
"""For a network to be built by."""


class Totals:
    """Sum what `losses` returns."""

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
    """Train, or continue the run in `folder`; returns the averaged weights that did best on 'valid'.

    With `use_all` there is no 'valid', and it returns the last ones.

    strategy: what `step.strategy` gave. With workers, all must see the same `folder`: one writes there, and each takes
    up a run from it. Raises RunError when a checkpoint cannot be written.
    """
    strategy = strategy or train_step.strategy("none")
    chief = train_step.is_chief(strategy)
    recipe.require(corpus)
    run_folder.claim(folder, recipe)
    music = _Music.of(corpus, recipe, folder)
    known = altered.voicings(music.train)
    crops = {"batch_size": recipe.batch_size, "crop_length": recipe.crop_length}
    per_epoch = stream.steps_per_epoch(music.train, music.entries, **crops)
    with strategy.scope():
        run = _Run(recipe, per_epoch)
    keeper = tf.train.CheckpointManager(run.state, str(folder / "state"), max_to_keep=2)
    if keeper.restore_or_initialize():
        log.info("going on after epoch %d of %d in %s", int(run.done.numpy()), recipe.epochs, folder)
    log.info("training on %s", train_step.described(strategy))
    learn = train_step.stepper(run.network, run.average, run.optimizer, recipe, strategy)
    run_log = RunLog(folder) if chief else None
    first, total = int(run.done.numpy()), recipe.epochs * per_epoch
    pasts = own_past.kept(folder / own_past.FILE)
    bar = progress((), "training", total=total, initial=first * per_epoch, unit="step")
    for epoch in range(first, recipe.epochs):
        began, totals = time.monotonic(), Totals()
        seed = (recipe.rng, epoch)
        if recipe.own_past and epoch and epoch % recipe.own_past == 0:
            pasts = own_past.play(run.average, music.train, np.random.default_rng(seed), folder / own_past.FILE)
        shown = examples.shown(music.train, music.entries, recipe, known, seed, pasts)
        rng = np.random.default_rng((*seed, len(music.entries)))
        for batch in ahead(stream.batches(music.train, shown, **crops, rng=rng)):
            totals.add(learn(batch))
            bar.update()
        score = measure(run.average, music.valid_batches()) if music.valid else totals.score()
        if not music.valid or score.event_nll < float(run.low.numpy()):
            run.low.assign(score.event_nll)
            run.best.set_weights(run.average.get_weights())
        run.done.assign(epoch + 1)
        if run_log is not None:
            _keep(keeper, folder)
            rate, seconds = float(run.optimizer.learning_rate), time.monotonic() - began
            run_log.epoch(epoch + 1, totals.score(), score, rate=rate, seconds=seconds)
        bar.set_postfix_str(
            f"epoch {epoch + 1}: train {totals.score().event_nll:.3f} nats an event"
            + (f", valid {score.event_nll:.3f}" if music.valid else "")
        )
        bar.update((epoch + 1) * per_epoch - bar.n)  # an epoch can have one step less
    bar.close()
    return run.best


def _keep(keeper: Any, folder: Path) -> None:
    try:
        keeper.save()
    except tf.errors.OpError as error:  # this is how TensorFlow reports a full disk
        said = str(error.message).splitlines()[0]
        raise RunError(
            f"{folder}: cannot write a checkpoint ({said}); the last finished epoch is kept: make room, and the same "
            "command goes on from it"
        ) from error


def trained(folder: Path, recipe: Recipe) -> Network:
    """Return the best network of the run in `folder`, whose recipe this is; see `run_folder.recipe_of`."""
    newest = tf.train.latest_checkpoint(str(folder / "state"))
    run = _Run(recipe, 1)
    run.state.restore(newest).expect_partial()
    if int(run.done.numpy()) < recipe.epochs:
        log.warning("the run in %s has had %d of its %d epochs", folder, int(run.done.numpy()), recipe.epochs)
    return run.best


class _Run:
    """What a run consists of and a checkpoint keeps."""

    def __init__(self, recipe: Recipe, per_epoch: int) -> None:
        keras.utils.set_random_seed(recipe.rng)
        self.network, self.average, self.best = (_built(_shape(recipe)) for _ in range(3))
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


@dataclass(frozen=True, slots=True)
class _Music:
    """What a run learns from, and what it chooses its best epoch by."""

    train: Packed
    entries: Ints
    """The pieces of an epoch, which may repeat some."""
    valid: Packed | None

    @classmethod
    def of(cls, corpus: Corpus, recipe: Recipe, folder: Path) -> _Music:
        """Pack the music of a recipe into a run's folder. Raises UsageError if the run has learned other music."""
        pieces = recipe.training_pieces(corpus)
        index = {name: at for at, name in enumerate(dict.fromkeys(piece.name for piece in pieces))}
        held_out = [] if recipe.use_all else recipe.held_out_works(corpus).pieces("valid")
        ends = sources.phrase_ends(corpus)
        sides = []
        for side, chosen in (("train", list({piece.name: piece for piece in pieces}.values())), ("valid", held_out)):
            of = run_folder.claim_music(folder, side, chosen, ends)
            melodies = recipe.given > 0 and side == "train"
            known = [(piece, tuple(ends.get(piece.name, ()))) for piece in chosen]
            sides.append(
                piece_files.packed(folder / f"{side}-pieces", of, known, melodies=melodies) if chosen else None
            )
        train, valid = sides
        assert train is not None  # `Recipe.require` has seen to it
        return cls(train, np.array([index[piece.name] for piece in pieces]), valid)

    def valid_batches(self) -> Iterator[Batch]:
        """Every event to choose by, once."""
        if self.valid is not None:
            yield from measured(self.valid)


def measured(packed: Packed) -> Iterator[Batch]:
    """Yield every event of some pieces once, as `measure` takes them."""
    return stream.batches(packed, stream.as_written(packed), batch_size=16, crop_length=128)


def measure(network: Network, batches: Iterable[Batch]) -> Score:
    """Return how well a network in its training form predicts what is to be predicted in some batches."""
    tally = Tally()
    for batch in batches:
        columns = _judged(network, train_step.tensors(batch))
        tally.add(Decisions(*(np.concatenate(column) for column in zip(*columns, strict=True))))
    return tally.score()


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow has no types
def _judged(network: Network, batch: dict[str, tf.Tensor]) -> Any:
    """Return the decisions about the notes of a batch, and those about its lengths, as columns of `Decisions`."""
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


def _built(shape: Shape) -> Network:
    network = Network(shape)
    batch = next(stream.batches(_REST, stream.as_written(_REST), batch_size=1, crop_length=1))
    network(train_step.inputs(train_step.tensors(batch)))
    return network
