"""Check a .tflite graph against Coral's published constraints for the Edge TPU.

Law: no rule is a guess of ours. Operators and their limits are from "TensorFlow models on the Edge TPU"
(coral.ai/docs/edgetpu/models-intro). The versions are those that TensorFlow 2.5 could read (its runtime_version.cc):
edgetpu_compiler 16, the last, is of its time and refuses CONV_2D 6, QUANTIZE 3 and TRANSPOSE_CONV 4 (issues 631, 879
and 845 of google-coral/edgetpu). That dense weights have one scale is from TensorFlow Lite's quantisation specification
of that time; converters have given them one a channel since 2024, and a reader that does not know of it computes
nonsense without a word (tensorflow/tflite-micro, pull request 2602).

To keep all rules does not prove that the compiler takes a graph: it is closed, and only it can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np

from bachd.training.export.tflite_file import Operator

NEWEST: Final = {
    "ADD": 3, "AVERAGE_POOL_2D": 3, "CONCATENATION": 3, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "EXPAND_DIMS": 1,
    "FULLY_CONNECTED": 9, "L2_NORMALIZATION": 2, "LOGISTIC": 3, "MAXIMUM": 4, "MAX_POOL_2D": 3, "MEAN": 3,
    "MINIMUM": 4, "MUL": 4, "PACK": 3, "PAD": 3, "PRELU": 1, "QUANTIZE": 2, "REDUCE_MAX": 3, "REDUCE_MIN": 3,
    "RELU": 3, "RELU6": 3, "RELU_N1_TO_1": 1, "RESHAPE": 1, "RESIZE_BILINEAR": 4, "RESIZE_NEAREST_NEIGHBOR": 4,
    "RSQRT": 2, "SLICE": 5, "SOFTMAX": 3, "SPACE_TO_DEPTH": 2, "SPLIT": 4, "SQUARED_DIFFERENCE": 2, "SQUEEZE": 2,
    "STRIDED_SLICE": 5, "SUB": 5, "SUM": 2, "TANH": 3, "TRANSPOSE": 5, "TRANSPOSE_CONV": 3,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 3,
}  # fmt: skip
"""The operators an Edge TPU has, by TFLite's names, and the newest version of each that its compiler reads."""
LARGEST_SOFTMAX: Final = 16_000

# Where an operator's weights and parameters are among its inputs. An LSTM's states, 18 and 19, are its own.
_PARAMETERS: Final = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), (1, 2)),
    **dict.fromkeys(("RESHAPE", "PAD", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "EXPAND_DIMS", "TRANSPOSE"), (1,)),
    **dict.fromkeys(("PRELU", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), (1,)),
    "STRIDED_SLICE": (1, 2, 3),
    "SLICE": (1, 2),
    "SPLIT": (0,),
    "TRANSPOSE_CONV": (0, 1, 3),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 18)),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint, how to mend a graph that does not keep it, and how to find the operators that do not."""

    says: str
    remedy: str
    broken: Callable[[Operator], bool]


def _axes(operator: Operator, of: int, at: int) -> set[int]:
    """The dimensions, counted from the left, that input `at` names of input `of`."""
    rank = len(operator.need(of).shape)
    return {axis % rank for axis in operator.need(at).numbers()}


def _in_batch(operator: Operator) -> bool:
    match operator.name:
        case "PACK":
            return bool(operator.options.axis == 0)
        case "PAD":
            return any(operator.need(1).numbers()[:2])
        case "SPLIT":
            return 0 in _axes(operator, 1, 0)
    return 0 in _axes(operator, 0, 1)


def _odd_mean(operator: Operator) -> bool:
    shape = operator.need(0).shape
    return len(shape) - 1 in _axes(operator, 0, 1) and shape[-1] % 4 != 0


def _bad_constant(operator: Operator) -> bool:
    constants = operator.constants
    zeros = all(set(np.frombuffer(tensor.data or b"", np.int8).tolist()) <= {tensor.zero} for tensor in constants)
    return bool(constants) and not (len(operator.inputs) == 2 and zeros)


def _strides(operator: Operator) -> bool:
    skips = any(stride != 1 for stride in operator.need(3).numbers())
    return skips or bool(operator.options.ellipsisMask or operator.options.newAxisMask)


def _ones_inside(operator: Operator) -> bool:
    shape = operator.need(0).shape
    leading = next((at for at, size in enumerate(shape) if size != 1), len(shape))
    return 1 in shape[leading:]


_WHOLE: Final = "export with full-integer quantisation, inputs and outputs too"
LISTED: Final = Rule("is no operator of the Edge TPU", "build it out of others", lambda op: op.name not in NEWEST)
VERSION: Final = Rule(
    "has a version that edgetpu_compiler 16 cannot read",
    "use a simpler form of it, or convert with an older TensorFlow",
    lambda op: op.version > NEWEST.get(op.name, op.version),
)
INT8: Final = Rule(
    "has values that are not int8 or uint8",
    _WHOLE,
    lambda op: (
        any(tensor.kind not in ("INT8", "UINT8") for tensor in op.flows)
        or any(tensor.kind not in ("INT8", "UINT8", "INT16", "INT32") for tensor in op.constants)
    ),
)
STATIC: Final = Rule(
    "has a shape that is not known before it runs",
    "give every input of the graph a fixed shape",
    lambda op: not all(tensor.fixed for tensor in op.flows),
)
THREE: Final = Rule(
    "has more than its three innermost dimensions larger than 1",
    "reshape, with a batch of one",
    lambda op: any(prod(tensor.shape[:-3]) != 1 for tensor in op.flows),
)
CONSTANT: Final = Rule(
    "has weights or parameters that are computed",
    "make them constants of the graph",
    lambda op: any(
        tensor is not None and tensor.data is None for tensor in (op.at(at) for at in _PARAMETERS.get(op.name, ()))
    ),
)
DILATION: Final = Rule(
    "dilates x and y differently",
    "use the same dilation for both; where the kernel has length 1 it does nothing",
    lambda op: bool(op.options.dilationWFactor != op.options.dilationHFactor),
)
ONE_SCALE: Final = Rule(
    "has weights with one scale a channel",
    "turn that off for dense layers when converting, or write it as a CONV_2D of width 1",
    lambda op: op.need(1).scales > 1,
)
DENSE: Final = Rule("has an output of more than one dimension", "use a CONV_2D", lambda op: not op.outputs[0].dense())
PLAIN: Final = Rule(
    "has its weights in another than the default format",
    "convert without shuffled weights",
    lambda op: bool(op.options.weightsFormat),
)
UNFUSED: Final = Rule(
    "has a fused activation",
    "move the activation behind an operator that may have one",
    lambda op: bool(op.options.fusedActivationFunction),
)
ZEROS: Final = Rule("joins a constant that is not zero", "join computed tensors, or one with zeros", _bad_constant)
BATCH: Final = Rule("works along the batch dimension", "work along another dimension", _in_batch)
FOURS: Final = Rule("averages over channels, not a multiple of 4", "pad the channels to a multiple of 4", _odd_mean)
STRIDES: Final = Rule("has strides other than 1, or makes axes", "slice without strides; reshape for axes", _strides)
SOFTMAX: Final = Rule(
    f"has an input of more than one dimension or {LARGEST_SOFTMAX} numbers",
    "reshape it, or compute it outside the graph",
    lambda op: not op.need(0).dense() or op.need(0).shape[-1] > LARGEST_SOFTMAX,
)
LEADING: Final = Rule("takes out dimensions that do not lead", "use a RESHAPE", _ones_inside)
SLOPES: Final = Rule(
    "has slopes of more than one dimension",
    "share the slopes along x and y",
    lambda op: not op.need(1).dense(),
)

EVERYWHERE: Final = (LISTED, VERSION, INT8, STATIC, THREE, CONSTANT)
"""Rules for every operator."""
SPECIFIC: Final[dict[str, tuple[Rule, ...]]] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), (DILATION,)),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), (UNFUSED,)),
    **dict.fromkeys(("SUM", "REDUCE_MAX", "REDUCE_MIN", "PACK", "PAD", "SPLIT"), (BATCH,)),
    "FULLY_CONNECTED": (DENSE, PLAIN, ONE_SCALE),
    "CONCATENATION": (UNFUSED, ZEROS),
    "MEAN": (BATCH, FOURS),
    "STRIDED_SLICE": (STRIDES,),
    "SOFTMAX": (SOFTMAX,),
    "SQUEEZE": (LEADING,),
    "PRELU": (SLOPES,),
}
"""Further rules, by the name of the operator. They are only meant for one that keeps the rules for all."""
