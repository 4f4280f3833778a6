"""Train the network, and go on where an interrupted run stopped.

Law: a run is its folder. The same folder, recipe and data continue to the same end; which crops an epoch sees depends
on the recipe's seed and the epoch alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from bachd.neural import features
from bachd.training.corpus import sources
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.prediction import Decisions, Score, Tally
from bachd.training.fit import examples, own_past, run_folder
from bachd.training.fit.data import altered, piece_files, stream
from bachd.training.fit.data.background import ahead
from bachd.training.fit.data.records import Ints, Packed
from bachd.training.fit.data.stream import Share
from bachd.training.fit.dataset import EMPTY, Batch
from bachd.training.fit.network import NEVER, Network
from bachd.training.fit.run_log import RunLog
from bachd.training.fit.run_state import RunState
from bachd.training.fit.step_math import Step, compiled, flat, inputs
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

log = logging.getLogger(__name__)

_MULTIPLE: Final = 1024
"""Symbols of a batch are filled up to a multiple of this, so that few graphs are compiled."""


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


def fit(corpus: Corpus, recipe: Recipe, folder: Path, strategy: Any = None) -> Network:
    """Train, or continue the run in `folder`; returns the averaged weights that did best on 'valid'.

    With `use_all` there is no 'valid', and it returns the last ones.

    strategy: what `train_step.strategy` gave; None for one device. With workers, all must see the same `folder`: one
    writes there, and each takes up a run from it. Raises DiskError when something cannot be written.
    """
    chief = is_chief(strategy)
    recipe.require(corpus)
    run_folder.claim(folder, recipe)
    music = _Music.of(corpus, recipe, folder)
    known = altered.voicings(music.train)
    crops = {"batch_size": recipe.batch_size, "crop_length": recipe.crop_length}
    per_epoch = stream.steps_per_epoch(music.train, music.entries, **crops)
    with strategy.scope() if strategy else nullcontext():
        run = RunState(recipe, per_epoch)
    if run.restore(folder):
        log.info("going on after epoch %d of %d in %s", run.done, recipe.epochs, folder)
    learn, share = _stepper(run, recipe, strategy)
    run_log = RunLog(folder) if chief else None
    first, total = run.done, recipe.epochs * per_epoch
    pasts = own_past.kept(folder / own_past.FILE)
    with progress((), "training", total=total, initial=first * per_epoch, unit="step") as bar:
        for epoch in range(first, recipe.epochs):
            began, totals = time.monotonic(), Totals()
            seed = (recipe.rng, epoch)
            if recipe.own_past and epoch and epoch % recipe.own_past == 0:
                pasts = own_past.play(run.average, music.train, np.random.default_rng(seed), folder / own_past.FILE)
            shown = examples.shown(music.train, music.entries, recipe, known, seed, pasts)
            rng = np.random.default_rng((*seed, len(music.entries)))
            for batch in ahead(stream.batches(music.train, shown, **crops, rng=rng, share=share)):
                totals.add(learn(batch))
                bar.update()
            score = measure(run.average, music.valid_batches()) if music.valid else totals.score()
            if not music.valid or score.event_nll < run.low:
                run.low = score.event_nll
                run.best.set_weights(run.average.get_weights())
            run.done = epoch + 1
            if run_log is not None:
                run.keep(folder)
                rate, seconds = float(run.optimizer.learning_rate), time.monotonic() - began
                run_log.epoch(epoch + 1, totals.score(), score, rate=rate, seconds=seconds)
            bar.set_postfix_str(
                f"epoch {epoch + 1}: train {totals.score().event_nll:.3f} nats an event"
                + (f", valid {score.event_nll:.3f}" if music.valid else "")
            )
            bar.update((epoch + 1) * per_epoch - bar.n)  # an epoch can have one step less
    return run.best


def trained(folder: Path, recipe: Recipe) -> Network:
    """Return the best network of the run in `folder`, whose recipe this is; see `run_folder.recipe_of`."""
    run = RunState(recipe, 1)
    run.restore(folder)
    if run.done < recipe.epochs:
        log.warning("the run in %s has had %d of its %d epochs", folder, run.done, recipe.epochs)
    return run.best


def is_chief(strategy: Any) -> bool:
    """Return whether this process is the one that writes checkpoints and logs."""
    task = getattr(strategy, "cluster_resolver", None)
    return task is None or not task.task_type or (task.task_type, task.task_id) in (("chief", 0), ("worker", 0))


def _stepper(run: RunState, recipe: Recipe, strategy: Any) -> tuple[Step, Share]:
    """Return the function that learns from a batch, by the backend that Keras has, and which crops it is to be given.

    strategy: None for one device.
    """
    if keras.backend.backend() == "jax":
        from bachd.training.fit import jax_step

        log.info("training with JAX")
        return jax_step.stepper(run.network, run.average, run.optimizer, recipe), Share()
    from bachd.training.fit import train_step

    strategy = strategy or train_step.strategy("none")
    log.info("training on %s", train_step.described(strategy))
    learn = train_step.stepper(run.network, run.average, run.optimizer, recipe, strategy)
    return learn, train_step.share(strategy)


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
        ends = sources.phrase_ends(corpus)
        sides = []
        for side, chosen in recipe.sides(corpus).items():
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
    answer = _answer(network)
    tally = Tally()
    for batch in batches:
        arrays = flat(batch, _MULTIPLE)
        logits, possible = (np.asarray(array) for array in answer(*map(ops.convert_to_tensor, inputs(arrays))))
        asked = arrays["symbols"] != EMPTY
        sure = np.where(possible, logits, NEVER)[asked].astype(np.float64)
        symbols, lengths = arrays["symbols"][asked], arrays["lengths"][asked]
        ends = symbols == features.END
        tally.add(
            Decisions(
                np.concatenate([symbols, features.SYMBOLS + lengths[ends]]),
                *map(
                    np.concatenate,
                    zip(
                        _judged(sure[:, : features.SYMBOLS], symbols),
                        _judged(sure[ends, features.SYMBOLS :], lengths[ends]),
                        strict=True,
                    ),
                ),
            )
        )
    return tally.score()


@lru_cache(4)
def _answer(network: Network) -> Callable[..., Any]:
    """Return what gives logits and which answers are possible, compiled once for each network."""
    return compiled(network, lambda *arrays: network(arrays)[:2])


def _judged(logits: Any, truth: Any) -> tuple[Any, Any, Any]:
    """Return the nats of true answers (N,) by logits (N, answers), the highest probabilities, and whether they hit."""
    sure = logits - logits.max(axis=-1, keepdims=True)
    sure -= np.log(np.exp(sure).sum(axis=-1, keepdims=True))
    chosen = sure.argmax(axis=-1)
    return -sure[np.arange(len(truth)), truth], np.exp(sure.max(axis=-1)), chosen == truth
