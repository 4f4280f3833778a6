"""Quantise a trained network to two int8 graphs.

Law: the head sees every value that the trunk gives for the samples and no other, so that both graphs measure the same
range, and the bytes of one can be handed to the other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bachd.training.fit.dataset import EMPTY, Batch
from bachd.training.fit.inference_graphs import inference_head, inference_trunk
from bachd.training.fit.network import Layout, Network

_SAMPLES: Final = 600
"""Contexts whose values set the ranges of the int8 tensors."""

Floats = npt.NDArray[np.float32]


def write_graphs(network: Network, layout: Layout, crops: Iterable[Batch], folder: Path) -> None:
    """Write trunk.tflite and head.tflite with inputs and outputs as wide as `layout` says.

    crops: of one prediction each, from the pieces for training, in any order.
    """
    contexts, hidden, notes = _samples(network, crops)

    def for_trunk() -> Iterator[list[Floats]]:
        for context in contexts:
            yield [context[None, None]]

    def for_head() -> Iterator[list[Floats]]:
        for row, told in zip(hidden, notes, strict=True):
            yield [row[None], told[None]]

    (folder / "trunk.tflite").write_bytes(int8(inference_trunk(network, layout), network.weights, for_trunk))
    (folder / "head.tflite").write_bytes(int8(inference_head(network, layout), network.weights, for_head))


def int8(function: Any, weights: Iterable[Any], samples: Callable[[], Iterator[list[Floats]]]) -> bytes:
    """Quantise to int8 after training: one scale a channel in convolutions, one a tensor elsewhere.

    function: concrete; weights: the variables of Keras that it uses; samples: what it is to be called with.
    """
    owner = tf.Module()  # the converter looks for the variables here, and Keras hides those of layers in a list
    owner.weights = [weight.value for weight in weights]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], owner)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # The Edge TPU's compiler is older than scales a channel in dense layers, and its runtime would ignore them.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with _held_back_stderr():
        return bytes(converter.convert())


@contextmanager
def _held_back_stderr() -> Iterator[None]:
    """Keep what C++ writes to file descriptor 2 from the terminal, and show it if the block raises.

    The converter prints its settings there, whatever the level of TensorFlow's log. No other thread writes meanwhile.
    """
    sys.stderr.flush()
    with TemporaryFile() as held:
        terminal = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _samples(network: Network, crops: Iterable[Batch]) -> tuple[Floats, Floats, Floats]:
    """Return contexts (N, CONTEXT, row), and for each symbol spelled after them hidden (M, D) and notes (M, notes)."""
    contexts, hidden, told = [], [], []
    for crop in islice((crop for crop in crops if crop.symbols[0, 0, 0] != EMPTY), _SAMPLES):
        rows = tf.cast(crop.rows, tf.float32)
        spoken = crop.symbols[0, 0] != EMPTY
        contexts.append(rows[0].numpy())
        hidden.append(np.repeat(network.trunk(rows).numpy()[0], spoken.sum(), axis=0))
        told.append(crop.notes[0, 0, spoken].astype(np.float32))
    return np.stack(contexts), np.concatenate(hidden), np.concatenate(told)
