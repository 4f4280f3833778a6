"""Run a graph in a process of its own, for hardware whose library may crash or hang its process.

Law: nothing that happens in the other process can stop this one: every answer has a deadline, and one that does not
come is a ModelError.

`python -m bachd.neural.graph_process GRAPH LIBRARY` is the other process. It says in a line of JSON what the graph
takes and gives, or why it does not load; then it answers each input on stdin with the output, as bare bytes, until
stdin ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable
from math import prod
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from bachd import child_process
from bachd.errors import ModelError
from bachd.neural.runtime import Graph, Int8Array, Tensor, load


class Remote:
    """The process that runs a graph with one input. It ends when it is closed, when it fails, or with this process."""

    def __init__(self, path: Path, library: str, like: Graph, patience: float) -> None:
        """Start it and wait until it has loaded the graph `path` through the delegate `library`.

        like: a graph that takes and gives the same. patience: seconds until the process must have answered. Raises
        ModelError when the graph does not load in time, or is another than `like`.
        """
        self.patience = patience
        """Seconds after which an answer is late."""
        self._process = child_process.start("bachd.neural.graph_process", path, library)
        self.close = weakref.finalize(self, child_process.end, self._process)
        """End it; may be called again."""
        self._shape = like.output.shape
        self._input = b""
        self._output = b""
        self.bare: Callable[[], None] = self._exchange
        """What `invoke` does but for arrays; a benchmark may wrap it to measure it."""
        hello = json.loads(self._read(lambda said: said.endswith(b"\n")))
        if hello != _hello(like):
            self.close()
            raise ModelError(
                str(hello.get("fault", f"{path} takes and gives something else than what it was made from"))
            )

    def invoke(self, array: Int8Array) -> Int8Array:
        """Run the graph. Raises ModelError, and ends the process, when it does not answer in time or at all."""
        self._input = array.tobytes()
        self.bare()
        return np.frombuffer(self._output, np.int8).reshape(self._shape)

    def _exchange(self) -> None:
        assert self._process.stdin is not None
        try:
            # All that was asked before has been answered: the pipe is empty, and takes this without blocking.
            self._process.stdin.write(self._input)
        except OSError:
            raise self._gone() from None
        size = prod(self._shape)
        self._output = self._read(lambda said: len(said) == size)

    def _read(self, whole: Callable[[bytes], bool]) -> bytes:
        assert self._process.stdout is not None
        deadline = monotonic() + self.patience
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        said = b""
        while not whole(said):
            left = deadline - monotonic()
            if left <= 0 or not poll.poll(1e3 * left):
                self.close()
                raise ModelError(f"no answer within {self.patience:g} s")
            more = os.read(self._process.stdout.fileno(), 65536)
            if not more:
                raise self._gone()
            said += more
        return said

    def _gone(self) -> ModelError:
        """Why nothing more comes: what became of the process."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        return ModelError(
            f"its process was ended by {signal.Signals(-code).name}" if code < 0 else "its process failed"
        )


def _hello(graph: Graph) -> dict[str, Any]:
    def meaning(tensor: Tensor) -> list[Any]:
        return [list(tensor.shape), tensor.scale, tensor.zero]

    return {"inputs": [meaning(tensor) for tensor in graph.inputs], "output": meaning(graph.output)}


def _serve(path: Path, library: str) -> None:
    """Be the other process."""
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)  # what a library prints must not get among the answers
        try:
            graph = load(path, delegate=library)
        except ModelError as fault:
            answers.write(json.dumps({"fault": str(fault)}).encode() + b"\n")
            return
        answers.write(json.dumps(_hello(graph)).encode() + b"\n")
        shape = graph.inputs[0].shape
        size = prod(shape)
        while len(data := sys.stdin.buffer.read(size)) == size:
            answers.write(graph.invoke(np.frombuffer(data, np.int8).reshape(shape)).tobytes())


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2])
