"""Parse a .tflite file into its operators.

Law: a file is taken apart without being run, and one that is damaged is a ModelError, whatever is wrong with it.

The schema is the one that comes with LiteRT; TensorFlow is not needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from bachd.errors import ModelError

# What reading beyond the end of a file, or following an offset to the wrong place, raises.
_DAMAGE = (struct.error, ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Tensor:
    """What goes into an operator or comes out of it."""

    kind: str
    shape: tuple[int, ...]
    fixed: bool
    """Whether the shape is known before the graph runs."""
    scales: int
    zero: int
    state: bool
    """Whether the graph keeps it from one run to the next."""
    data: bytes | None
    """The content of a constant."""

    def numbers(self) -> list[int]:
        """The content of a constant of INT32."""
        return [] if self.data is None else np.frombuffer(self.data, np.int32).ravel().tolist()

    def dense(self) -> bool:
        """Whether all that is longer than one is the innermost dimension."""
        return prod(self.shape[:-1]) == 1


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a graph."""

    name: str
    version: int
    options: Any
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]

    @property
    def flows(self) -> list[Tensor]:
        """What is computed: inputs and outputs that are neither constants nor states."""
        present = [tensor for tensor in (*self.inputs, *self.outputs) if tensor is not None]
        return [tensor for tensor in present if tensor.data is None and not tensor.state]

    @property
    def constants(self) -> list[Tensor]:
        """Inputs that are known before the graph runs."""
        return [tensor for tensor in self.inputs if tensor is not None and tensor.data is not None]

    def at(self, index: int) -> Tensor | None:
        """An input, or None where there is none."""
        return self.inputs[index] if index < len(self.inputs) else None

    def need(self, index: int) -> Tensor:
        """An input without which it is no such operator. Raises IndexError where there is none."""
        if (tensor := self.at(index)) is None:
            raise IndexError
        return tensor


def read(path: Path) -> list[Operator]:
    """Return the operators of a graph in the order in which they run. Raises ModelError for what is no graph."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise ModelError(f"{path}: cannot be read: {fault.strerror}") from fault
    with sound(path):
        if content[4:8] != b"TFL3":
            raise ValueError
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        if len(model.subgraphs) != 1:
            raise ModelError(f"{path}: has {len(model.subgraphs)} subgraphs; export it without loops and conditions")
        return _operators(model, model.subgraphs[0])


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Raise ModelError for whatever parsing a damaged graph `path` may raise."""
    try:
        yield
    except _DAMAGE as fault:
        raise ModelError(f"{path}: is no .tflite graph, or a damaged one; export it again") from fault


def _operators(model: Any, graph: Any) -> list[Operator]:
    kinds, names = _names(schema.TensorType), _names(schema.BuiltinOperator)
    tensors = [_tensor(tensor, kinds[tensor.type], model.buffers[tensor.buffer].data) for tensor in graph.tensors]
    operators = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        # Files older than the hundred and twenty-eighth operator have its number in the first field alone.
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        operators.append(
            Operator(
                name if name != "CUSTOM" else code.customCode.decode(),
                code.version,
                operator.builtinOptions,
                tuple(None if index < 0 else tensors[index] for index in operator.inputs),
                tuple(tensors[index] for index in operator.outputs),
            )
        )
    return operators


def _tensor(tensor: Any, kind: str, data: Any) -> Tensor:
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    signature = () if tensor.shapeSignature is None else tensor.shapeSignature
    scale = None if tensor.quantization is None else tensor.quantization.scale
    zeros = None if tensor.quantization is None else tensor.quantization.zeroPoint
    return Tensor(
        kind,
        shape,
        bool(tensor.hasRank or shape) and all(size >= 0 for size in (*shape, *signature)),
        0 if scale is None else len(scale),
        0 if zeros is None else int(zeros[0]),
        bool(tensor.isVariable),
        None if data is None or prod(shape) == 0 else bytes(data),
    )


def _names(enumeration: type) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}
