"""Build the graphs that play: a trained network cut to one prediction, out of operators that the Edge TPU can take.

Law: they compute what `Network` computes with the same weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bachd.neural import features
from bachd.training.fit.network import Layout, Network, Spans, width


def inference_trunk(network: Network, layout: Layout) -> Any:
    """The trunk for one prediction as a concrete function: (1, 1, CONTEXT, row) -> (1, hidden).

    The same sums as `Network.trunk`, but four times as fast as written there. Each block computes only the rows that
    the prediction depends on: while the dilations double, that is every second one, so rows are paired by a reshape and
    the kernel reads a pair. And XNNPACK takes a RELU only together with the operation before it, so what a later block
    needs both raw and rectified is added up twice: rectified in full, raw where it is needed.
    """
    dilations = network.shape.dilations
    seen = _widened(network.embed.kernel, network.layout.row, layout.row)

    def embed(rows: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(rows, seen[None, None], 1, "VALID") + network.embed.bias

    window = tf.TensorSpec((1, 1, features.CONTEXT, width(layout.row)), name="context")

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


def _widened(weights: Any, spans: Spans, wide: Spans, axis: int = 0) -> Any:
    """Weights as a constant, with zeros for the columns of `wide`, along an axis, that the network does not use."""
    array = np.moveaxis(weights.numpy(), axis, 0)
    found = np.zeros((width(wide), *array.shape[1:]), array.dtype)
    at = 0
    for first, end in spans:
        found[first:end] = array[at : at + end - first]
        at += end - first
    return np.moveaxis(found, 0, axis)


def inference_head(network: Network, layout: Layout) -> Any:
    """The head as a concrete function: hidden (1, hidden) and notes (1, notes) -> (1, said)."""
    told = _widened(network.note_embedding.kernel, network.layout.notes, layout.notes)
    said = (
        _widened(network.output_layer.kernel, network.layout.said, layout.said, axis=-1),
        _widened(network.output_layer.bias, network.layout.said, layout.said),
    )

    @tf.function(  # type: ignore[untyped-decorator]  # TensorFlow has no types
        input_signature=[
            tf.TensorSpec((1, network.shape.hidden), name="hidden"),
            tf.TensorSpec((1, width(layout.notes)), name="notes"),
        ]
    )
    def head(hidden: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
        x = tf.nn.relu(hidden + tf.matmul(notes, told))
        x = x + network.residual(x)
        return tf.matmul(x, said[0]) + said[1]

    return head.get_concrete_function()
