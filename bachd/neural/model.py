"""Run a bundle's two graphs: the trunk encodes the context once an event, the head gives logits once a note.

Law: a model remembers no music: context and notes chosen so far are arguments, and equal arguments give equal logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from pathlib import Path
from typing import Protocol

import numpy as np

from bachd.errors import ModelError
from bachd.neural import chord_spelling, features
from bachd.neural.context import Context
from bachd.neural.features import FloatArray
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Graph, Int8Array, load


class Model(Protocol):
    """Interface of a network to the sampler and the composer."""

    def context(self) -> Context:
        """An empty window in the numbers this model reads."""
        ...

    def encode(self, context: Context) -> Int8Array:
        """Return the hidden state of a context, shape (1, D), for `head_logits`. Raises ModelError if it fails."""
        ...

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        """Logits for the next symbol of the chord being spelled and for its length, shape (LOGITS,).

        chosen: the symbols spelled so far; sounded: the pitches of the event before, ascending; outlook: what is
        known of the event. The array is good until the next call. Raises ModelError if the graph fails.
        """
        ...


class TfliteModel:
    """Trunk and head as two int8 graphs."""

    def __init__(self, trunk: Graph, head: Graph) -> None:
        """Raises ModelError when the graphs do not fit each other or the feature layout."""
        self.trunk = trunk
        self.head = head
        layouts = (features.ROW, features.NOTES, features.SAID), features.EARLIER
        row, notes_wide, said = next((each for each in layouts if _reads(trunk, each[0])), layouts[0])
        window = (1, 1, features.CONTEXT, row)
        _require([tensor.shape for tensor in trunk.inputs] == [window], f"the trunk's input is not {window}")
        _require(len(trunk.output.shape) == 2 and trunk.output.shape[0] == 1, "the trunk's output is no row")
        width = trunk.output.shape[1]
        shapes = [tensor.shape for tensor in head.inputs]
        _require(width != notes_wide, "hidden is as wide as the notes, so the head's inputs cannot be distinguished")
        _require(
            sorted(shapes) == sorted([(1, width), (1, notes_wide)]),
            f"the head's inputs are {shapes}, not (1, {width}) and (1, {notes_wide})",
        )
        _require(head.output.shape == (1, said), f"the head's output is not {said} wide")
        self._row, self._notes_wide = row, notes_wide
        self._notes_first = shapes[0] == (1, notes_wide)
        notes, hidden = head.inputs if self._notes_first else reversed(head.inputs)
        _require(
            isclose(hidden.scale, trunk.output.scale, rel_tol=1e-5) and hidden.zero == trunk.output.zero,
            "the trunk's output and the head's input are quantised differently",
        )
        self._zero, self._one = notes.quantise(0), notes.quantise(1)
        self._notes = np.full((1, notes_wide), self._zero, np.int8)
        self._flat = memoryview(self._notes[0])  # setting single bytes here is faster than in the array
        meanings = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float32) - head.output.zero
        self._meanings: FloatArray = meanings * np.float32(head.output.scale)  # by byte; -1 counts from the end
        self._said: FloatArray = np.empty(said, np.float32)

    @classmethod
    def open(cls, folder: Path, runtime: str | None = None) -> TfliteModel:
        """Load the two graphs of a bundle's folder into `runtime`, or into the best there is. Raises ModelError."""
        return cls(load(folder / "trunk.tflite", runtime), load(folder / "head.tflite", runtime))

    @property
    def runtime(self) -> str:
        """Name of the distribution that runs the graphs."""
        return self.trunk.runtime

    def context(self) -> Context:
        """See `Model`."""
        (window,) = self.trunk.inputs
        return Context(window.quantise(0), window.quantise(1), self._row)

    def encode(self, context: Context) -> Int8Array:
        """See `Model`."""
        return self.trunk.invoke(context.window)

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        """See `Model`."""
        self._notes.fill(self._zero)
        flat, one, width = self._flat, self._one, self._notes_wide
        for column in chord_spelling.head_input_columns(chosen, sounded, outlook):
            if column < width:
                flat[column] = one
        quantised = self.head.invoke(*((self._notes, hidden) if self._notes_first else (hidden, self._notes)))
        said = self._meanings.take(quantised[0], out=self._said, mode="wrap")
        return chord_spelling.to_logits(said, chosen, sounded, outlook)


def _reads(trunk: Graph, row: int) -> bool:
    return bool(trunk.inputs) and trunk.inputs[0].shape[-1:] == (row,)


def _require(fits: bool, complaint: str) -> None:
    if not fits:
        raise ModelError(f"trunk.tflite and head.tflite do not fit this version of bachd: {complaint}")
