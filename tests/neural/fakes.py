"""Models and graphs for tests, small enough to see through.

Law: they keep the contracts of the real ones, and the same test hears the same music each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from importlib.util import find_spec
from itertools import chain, repeat
from random import Random
from typing import Any

import numpy as np

from bachd.music.event import Event
from bachd.neural import chord_spelling, features
from bachd.neural.context import Context
from bachd.neural.features import FloatArray
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import RUNTIMES, Int8Array

INSTALLED = [name for name, module in RUNTIMES.items() if find_spec(module.partition(".")[0]) is not None]
"""The runtimes there are to test with."""
SURE = 40.0
"""A logit beside zeros that leaves no other choice at usual temperatures."""


class ScriptedModel:
    """Wants to play the events of a script in order, where None ends the piece; then END_OF_PIECE for ever."""

    def __init__(self, script: Iterable[Event | None], certainty: float = SURE) -> None:
        self._script: Iterator[Event | None] = chain(script, repeat(None))
        self._wanted: Event | None = None
        self._certainty = certainty
        self.heard: list[Int8Array] = []
        """The window at each call of `hear`."""
        self.spoken = 0
        """Calls of `speak`."""

    def context(self) -> Context:
        return Context(0, 1)

    def encode(self, context: Context) -> Int8Array:
        self.heard.append(context.window.copy())
        self._wanted = next(self._script)
        return np.zeros((1, 1), np.int8)

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        self.spoken += 1
        logits = np.zeros(features.LOGITS, np.float32)
        symbols, length = [features.END_OF_PIECE], 0
        if self._wanted is not None:
            symbols, length = chord_spelling.spell(self._wanted, sounded)
        logits[symbols[min(len(chosen), len(symbols) - 1)]] = self._certainty
        logits[features.SYMBOLS + length] = self._certainty
        return logits


class FixedModel:
    """Says the same at every call, whatever it hears."""

    def __init__(self, logits: Callable[[], FloatArray]) -> None:
        self._logits = logits

    def context(self) -> Context:
        return Context(0, 1)

    def encode(self, context: Context) -> Int8Array:
        return np.zeros((1, 1), np.int8)

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        return self._logits()


def restless(rng: Random) -> FixedModel:
    """A model with an opinion of its own on everything at each call, and a liking for four voices and no end."""

    def logits() -> FloatArray:
        values = np.array([rng.gauss(0, 3) for _ in range(features.LOGITS)], np.float32)
        values[features.END] += 3
        values[features.END_OF_PIECE] = -SURE
        return values

    return FixedModel(logits)


class WhimsicalModel:
    """Has an opinion of its own on every context, and no other memory; now and then it ends a piece."""

    def context(self) -> Context:
        return Context(0, 1)

    def encode(self, context: Context) -> Int8Array:
        return np.frombuffer(sha256(context.window.tobytes()).digest(), np.int8)

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        opinion = np.random.default_rng([*hidden.view(np.uint8), *chosen])
        logits = opinion.normal(0, 3, features.LOGITS).astype(np.float32)
        logits[features.END] += 3
        logits[features.END_OF_PIECE] += 2
        return logits


class FakeInterpreter:
    """The part of a .tflite interpreter that is used, around a function of int8 arrays."""

    def __init__(
        self,
        inputs: Sequence[tuple[int, ...]],
        output: tuple[int, ...],
        function: Callable[..., Int8Array],
        quantisation: Sequence[tuple[float, int]] = (),
    ) -> None:
        """`quantisation`: scale and zero point of each input and of the output; else 0 and 1 are -128 and 127."""
        shapes = [*inputs, output]
        kinds = quantisation or [(1 / 255, -128)] * len(shapes)
        self._details: list[dict[str, Any]] = [
            {"index": 7 + index, "shape": np.array(shape), "quantization": kind, "dtype": np.int8}
            for index, (shape, kind) in enumerate(zip(shapes, kinds, strict=True))
        ]
        self._function = function
        self._tensors: dict[int, Int8Array] = {}

    def get_input_details(self) -> list[dict[str, Any]]:
        return self._details[:-1]

    def get_output_details(self) -> list[dict[str, Any]]:
        return self._details[-1:]

    def set_tensor(self, index: int, array: Int8Array) -> None:
        (details,) = [details for details in self._details if details["index"] == index]
        if array.shape != tuple(details["shape"]):
            raise ValueError(f"Cannot set tensor: shape {array.shape}, expected {details['shape']}")
        self._tensors[index] = array.copy()

    def invoke(self) -> None:
        arrays = [self._tensors[details["index"]] for details in self._details[:-1]]
        self._tensors[self._details[-1]["index"]] = self._function(*arrays)

    def get_tensor(self, index: int) -> Int8Array:
        return self._tensors[index].copy()
