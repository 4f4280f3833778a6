"""Run a .tflite graph, with LiteRT or with the older tflite-runtime.

Law: nothing above this module knows which runtime there is; whatever goes wrong in one leaves here as a ModelError.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bachd.errors import ModelError

Int8Array: TypeAlias = npt.NDArray[np.int8]
"""Quantised values; a tensor's scale and zero point say what they mean."""

RUNTIMES: Final = {"ai-edge-litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
"""Distributions that can run a graph, the faster first, and the module of each."""

_NO_RUNTIME: Final = "no runtime for .tflite models works here; install ai-edge-litert, or tflite-runtime with numpy<2"
# What the two runtimes raise, none of it documented. tflite-runtime imports under NumPy 2, then fails with SystemError.
_FAULTS: Final = (ValueError, RuntimeError, SystemError, TypeError, OSError)


@dataclass(frozen=True, slots=True)
class Tensor:
    """An int8 input or output of a graph: value = scale * (byte - zero)."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero: int

    def quantise(self, value: float) -> int:
        """The byte, -128 to 127, that stands nearest to `value`."""
        return max(-128, min(127, round(value / self.scale) + self.zero))


class Graph:
    """A loaded graph with int8 inputs and one int8 output. `load` makes one."""

    def __init__(self, interpreter: Any, runtime: str, name: str) -> None:
        self._interpreter = interpreter
        self._name = name
        self.runtime = runtime
        """Name of the distribution that runs it."""
        self.inputs = tuple(_tensor(details, name) for details in interpreter.get_input_details())
        outputs = tuple(_tensor(details, name) for details in interpreter.get_output_details())
        if len(outputs) != 1:
            raise ModelError(f"{name}: {len(outputs)} outputs where one was expected; this is not part of a bundle")
        (self.output,) = outputs
        self._indices = tuple(tensor.index for tensor in self.inputs)
        self.bare: Callable[[], None] = interpreter.invoke
        """The runtime's own part of `invoke`; a benchmark may wrap it to measure it."""

    def invoke(self, *arrays: Int8Array) -> Int8Array:
        """Run the graph on its inputs, in the order and the shapes of `inputs`; returns a copy of the output."""
        interpreter = self._interpreter
        try:
            for index, array in zip(self._indices, arrays, strict=True):
                interpreter.set_tensor(index, array)
            self.bare()
            result: Int8Array = interpreter.get_tensor(self.output.index)
        except _FAULTS as fault:
            raise ModelError(f"{self._name}: {self.runtime} cannot run this model: {_first_line(fault)}") from fault
        return result


def load(path: Path, runtime: str | None = None, delegate: str | None = None) -> Graph:
    """Load a graph into the named runtime, or into the first of RUNTIMES that is installed and works.

    delegate: the shared library through which a graph that was compiled for other hardware is run. A library and a
    runtime that do not fit each other do not raise, they crash. Raises ModelError when there is no such runtime, the
    library cannot be used or the file is no int8 graph.
    """
    try:
        content = path.read_bytes()  # not mapped: a bundle may be replaced while it plays
    except OSError as fault:
        raise ModelError(f"{path}: cannot be read: {fault.strerror}") from fault
    reasons = []
    for distribution in RUNTIMES if runtime is None else (runtime,):
        try:
            interpreter = _interpreter(distribution, content, delegate)
        except ImportError as fault:
            reasons.append(f"{distribution}: {_first_line(fault)}")
        except SystemError as fault:
            reasons.append(f"{distribution}: does not work with NumPy {np.__version__} ({_first_line(fault)})")
        except _FAULTS as fault:
            raise ModelError(f"{path}: is not a model that {distribution} can load: {_first_line(fault)}") from fault
        else:
            return Graph(interpreter, distribution, str(path))
    raise ModelError(f"{_NO_RUNTIME} ({'; '.join(reasons)})")


def _interpreter(distribution: str, content: bytes, delegate: str | None) -> Any:
    try:
        module = import_module(RUNTIMES[distribution])
    except (ImportError, OSError, AttributeError) as fault:  # the latter two: built for another libc or NumPy
        raise ImportError(_first_line(fault)) from fault
    with _without_greeting():
        helpers = {} if delegate is None else {"experimental_delegates": [_delegate(module, delegate)]}
        # One thread: a second one gains nothing on graphs this small, and under load costs fifty times as much.
        interpreter = module.Interpreter(model_content=content, num_threads=1, **helpers)
        interpreter.allocate_tensors()
    return interpreter


def _delegate(module: Any, library: str) -> Any:
    try:
        return module.load_delegate(library)
    except OSError as fault:
        raise ModelError(f"the library {library} cannot be loaded: {_first_line(fault)}") from fault
    except _FAULTS as fault:  # ValueError where there is no device, with the library's own words, if any, after a line
        raise ModelError(f"{library} finds no device it can use: {' '.join(str(fault).split())}") from fault


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Let the C library's `stderr` lead nowhere for a while.

    Both runtimes print a line with the first graph, "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", and have
    no switch for it; their errors are raised. What is exchanged is the C library's variable, not file descriptor 2:
    Python's own lines, from whichever thread, still arrive. Where this cannot be done, the line is printed.
    """
    with _exchanging:
        found = _c_stderr()
        if found is None:
            yield
            return
        variable, nowhere = found
        kept, variable.value = variable.value, nowhere
        try:
            yield
        finally:
            variable.value = kept


_exchanging = Lock()


@cache
def _c_stderr() -> tuple[ctypes.c_void_p, int] | None:
    """The C library's variable `stderr`, and a stream that leads nowhere; None unless this is glibc.

    The stream stays open: another thread may be about to write to it.
    """
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):  # musl's variable is constant
        return None
    library.fopen.restype = ctypes.c_void_p
    nowhere = library.fopen(os.devnull.encode(), b"we")
    return (ctypes.c_void_p.in_dll(library, "stderr"), nowhere) if nowhere else None


def _tensor(details: dict[str, Any], name: str) -> Tensor:
    scale, zero = details["quantization"]
    if details["dtype"] is not np.int8 or not 0 < scale < float("inf"):
        raise ModelError(f"{name}: has a tensor that is not int8; export it with full-integer quantisation")
    return Tensor(int(details["index"]), tuple(int(size) for size in details["shape"]), float(scale), int(zero))


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip() or type(fault).__name__).splitlines()[0]
