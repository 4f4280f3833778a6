"""Hold what a run consists of, and keep it in a file.

Law: the file does not depend on the backend that trained, and takes its place when it is whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import keras
import numpy as np
from keras import ops

from bachd import atomic_file
from bachd.errors import UsageError
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training import disk
from bachd.training.fit import step_math
from bachd.training.fit.data import stream
from bachd.training.fit.data.records import pack
from bachd.training.fit.network import Network, Shape
from bachd.training.fit.run_folder import STATE
from bachd.training.recipe import Recipe

_REST: Final = pack([(Piece("rest", (Event((), (), 24),), Grid()), None)])
"""For a network to be built by."""


class RunState:
    """The network, the running average of its weights, the best of these, and the optimizer."""

    def __init__(self, recipe: Recipe, per_epoch: int) -> None:
        """Begin a run. per_epoch: steps."""
        keras.utils.set_random_seed(recipe.rng)
        self.network, self.average, self.best = (built(_shape(recipe)) for _ in range(3))
        self.average.set_weights(self.network.get_weights())
        self.optimizer = step_math.optimizer(recipe, per_epoch)
        self.optimizer.build(self.network.trainable_variables)
        self.done = 0
        """Epochs."""
        self.low = float("inf")
        """Nats an event of the best on 'valid'."""

    def _variables(self) -> dict[str, Any]:
        """All variables, the state of dropout among them, by names for a file."""
        groups = {
            "network": self.network.variables,
            "average": self.average.weights,
            "best": self.best.weights,
            "optimizer": self.optimizer.variables,
        }
        return {f"{name}-{at}": variable for name, group in groups.items() for at, variable in enumerate(group)}

    def keep(self, folder: Path) -> None:
        """Write it into the folder of a run. Raises DiskError if that cannot be."""
        arrays = {name: np.asarray(ops.convert_to_numpy(value)) for name, value in self._variables().items()}
        kept = "what was kept before is still there: make room, and the same command goes on from it"
        with disk.writing(folder / STATE, kept), atomic_file.replacing(folder / STATE) as new, new.open("wb") as out:
            np.savez(out, allow_pickle=False, done=self.done, low=self.low, **arrays)

    def restore(self, folder: Path) -> bool:
        """Take up what was kept, and return whether there was something. Raises UsageError if that is no good."""
        if not (folder / STATE).is_file():
            if (folder / "state").is_dir():
                raise UsageError(
                    f"{folder} holds a run of an older version of bachd; choose another folder with --work"
                )
            return False
        try:
            with np.load(folder / STATE) as kept:
                for name, variable in self._variables().items():
                    variable.assign(kept[name])
                self.done, self.low = int(kept["done"]), float(kept["low"])
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as fault:
            raise UsageError(f"{folder / STATE} is damaged; remove {folder}, or choose another with --work") from fault
        return True


def built(shape: Shape) -> Network:
    """Return a network with weights."""
    network = Network(shape)
    batch = next(stream.batches(_REST, stream.as_written(_REST), batch_size=1, crop_length=1))
    network(step_math.inputs(step_math.flat(batch)))
    return network


def _shape(recipe: Recipe) -> Shape:
    return Shape(
        recipe.width, recipe.hidden, recipe.dilations, recipe.dropout, recipe.context_dropout, recipe.intervals
    )
