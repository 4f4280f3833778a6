"""Build the graphs that play: a trained network cut to one prediction, out of operators that the Edge TPU can take.

Law: they compute what `Network` computes with the same weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bachd.neural import features
from bachd.training.fit.network import Layout, Network


def inference_trunk(network: Network, layout: Layout) -> Any:
    """The trunk for one prediction as a concrete function: (1, 1, CONTEXT, layout.row) -> (1, hidden).

    The same sums as `Network.trunk`, but four times as fast as written there. Each block computes only the rows that
    the prediction depends on: while the dilations double, that is every second one, so rows are paired by a reshape and
    the kernel reads a pair. And XNNPACK takes a RELU only together with the operation before it, so what a later block
    needs both raw and rectified is added up twice: rectified in full, raw where it is needed.
    """
    dilations = network.shape.dilations
    seen = _widened(network.embed.kernel, rows=layout.row)

    def embed(rows: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(rows, seen[None, None], 1, "VALID") + network.embed.bias

    window = tf.TensorSpec((1, 1, features.CONTEXT, layout.row), name="context")

    @tf.function(input_signature=[window])  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def trunk(rows: tf.Tensor) -> tf.Tensor:
        count, spacing = features.CONTEXT, 1  # of the rows that are left
        heard = tf.nn.relu(embed(rows))
        parts: tuple[tf.Tensor, ...] = (rows,)

        for block, (convolution, pointwise, dilation) in enumerate(
            zip(network.convolutions, network.pointwise, dilations, strict=True)
        ):
            double = all(later % (2 * dilation) == 0 for later in dilations[block + 1 :])
            paired = dilation == spacing and count % 2 == 0 and double
            shape = (1, count // 2, 2, -1) if paired else (1, 1, count, -1)
            step = dilation // spacing
            kernel = tf.reshape(convolution.kernel, (1, 2, network.shape.width, network.shape.width))
            # The Edge TPU wants the same dilation both ways; where it is not one the height is, and it does nothing.
            y = tf.nn.conv2d(tf.reshape(heard, shape), kernel, 1, "VALID", dilations=(step, step)) + convolution.bias
            y = _dense(tf.nn.relu(y), pointwise)
            parts = tuple(tf.reshape(part, shape)[:, :, step:] for part in parts)
            x = parts[0] + parts[1] if block else embed(parts[0])
            heard = tf.nn.relu(x + y)
            parts = (x, y)
            count, spacing = (count // 2, 2 * spacing) if paired else (count - step, spacing)
        return tf.matmul(tf.reshape(heard, (1, network.shape.width)), network.to_hidden.kernel) + network.to_hidden.bias

    return trunk.get_concrete_function()


def _dense(x: tf.Tensor, layer: Any) -> tf.Tensor:
    """A dense layer as a convolution of width one."""
    return tf.nn.conv2d(x, layer.kernel[None, None], 1, "VALID") + layer.bias


def _widened(weights: Any, *, rows: int | None = None, columns: int | None = None) -> Any:
    """Weights as a constant, with zeros after the last row and column up to this size."""
    array = weights.numpy()
    rows, columns = rows or array.shape[0], columns or array.shape[-1]
    missing = [(0, rows - array.shape[0])] if array.ndim > 1 else []
    return np.pad(array, [*missing, (0, columns - array.shape[-1])])


def inference_head(network: Network, layout: Layout) -> Any:
    """The head as a concrete function: hidden (1, hidden) and notes (1, layout.notes) -> (1, layout.said)."""
    told = _widened(network.note_embedding.kernel, rows=layout.notes)
    said = (
        _widened(network.output_layer.kernel, columns=layout.said),
        _widened(network.output_layer.bias, columns=layout.said),
    )

    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow has no types
        input_signature=[
            tf.TensorSpec((1, network.shape.hidden), name="hidden"),
            tf.TensorSpec((1, layout.notes), name="notes"),
        ]
    )
    def head(hidden: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
        x = tf.nn.relu(hidden + tf.matmul(notes, told))
        x = x + network.residual(x)
        return tf.matmul(x, said[0]) + said[1]

    return head.get_concrete_function()
