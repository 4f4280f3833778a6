"""Quantise a network of the benchmark, and ask its int8 graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bachd.neural.features import CONTEXT
from bachd.neural.runtime import load
from bachd.training.export.quantise import write_graphs
from bachd.training.fit.dataset import Batch, Encoded
from bachd.training.jsb.features import LAYOUT, NOTES, PROPOSED
from bachd.training.jsb.mixture import Logits
from bachd.training.jsb.network import ChoraleNetwork, masked

_PARTS: Final = ("trunk", "head")


class Int8Graphs:
    """The graphs of one network."""

    def __init__(self, folder: Path, network: ChoraleNetwork) -> None:
        """Open what `write` wrote; the network only adds up what is said of each answer."""
        self._trunk, self._head = (load(folder / f"{part}.tflite") for part in _PARTS)
        self._network = network
        self._notes_first = self._head.inputs[0].shape == (1, PROPOSED)
        self.bytes = sum((folder / f"{part}.tflite").stat().st_size for part in _PARTS)

    def decide(self, piece: Encoded) -> Logits:
        """Logits of all decisions of a piece, in order; -inf where an answer is impossible."""
        said = tf.constant(np.concatenate(list(self._said(piece))))
        notes = tf.constant(piece.notes.reshape(-1, NOTES), tf.float32)
        return masked(self._network.answers(said, notes).numpy(), self._network.possible(notes).numpy())

    def _said(self, piece: Encoded) -> Iterator[npt.NDArray[np.float32]]:
        """Yield what is said, shape (1, said), before each decision of a piece, in order."""
        output, told = self._head.output, self._head.inputs[0 if self._notes_first else 1]
        rows = _bytes(piece.rows, self._trunk.inputs[0])
        notes = _bytes(piece.notes[..., :PROPOSED], told)
        for position in range(len(piece.symbols)):
            hidden = self._trunk.invoke(rows[np.newaxis, np.newaxis, position : position + CONTEXT])
            for before in notes[position, :, None]:
                said = self._head.invoke(*((before, hidden) if self._notes_first else (hidden, before)))
                yield (said.astype(np.float32) - output.zero) * output.scale


def write(network: ChoraleNetwork, crops: Iterable[Batch], folder: Path) -> None:
    """Write the graphs. crops: as `write_graphs` takes them."""
    seen = (Batch(crop.rows, crop.symbols, crop.notes[..., :PROPOSED], crop.lengths) for crop in crops)
    write_graphs(network, LAYOUT, seen, folder)


def _bytes(ones: npt.NDArray[np.uint8], tensor: Any) -> npt.NDArray[np.int8]:
    return np.where(ones > 0, np.int8(tensor.quantise(1)), np.int8(tensor.quantise(0)))
