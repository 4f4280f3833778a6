from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.neural import runtime
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import GRAPHS
from bachd.neural.runtime import RUNTIMES, Graph, Tensor
from tests.neural.fakes import INSTALLED, FakeInterpreter


def doubling() -> FakeInterpreter:
    return FakeInterpreter([(1, 2), (1, 3)], (1, 1), lambda a, b: np.array([[a.sum() + 2 * b.sum()]], np.int8))


def install(monkeypatch: pytest.MonkeyPatch, **interpreters: object) -> None:
    """Make these, by the name of their module, the only runtimes there are."""
    for module in RUNTIMES.values():
        package = module.partition(".")[0]
        found = ModuleType(module)
        found.Interpreter = interpreters.get(package)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module, found if package in interpreters else None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.tflite"
    path.write_bytes(b"a graph")
    return path


class Loading(FakeInterpreter):
    """An interpreter as a runtime makes it."""

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        assert (model_content, num_threads) == (b"a graph", 1)
        super().__init__([(1, 2)], (1, 2), lambda a: a)

    def allocate_tensors(self) -> None:
        pass


def broken(fault: Exception) -> Any:
    def interpreter(model_content: bytes, num_threads: int) -> None:
        raise fault

    return interpreter


def test_arrays_go_in_by_order_and_the_output_comes_back() -> None:
    graph = Graph(doubling(), "fake", "graph.tflite")
    assert [tensor.shape for tensor in graph.inputs] == [(1, 2), (1, 3)]
    assert graph.invoke(np.array([[1, 2]], np.int8), np.array([[3, 4, 5]], np.int8)).tolist() == [[27]]


def test_the_bare_invocation_can_be_wrapped() -> None:
    graph = Graph(doubling(), "fake", "graph.tflite")
    calls: list[None] = []
    bare = graph.bare
    graph.bare = lambda: calls.append(bare())
    graph.invoke(np.zeros((1, 2), np.int8), np.zeros((1, 3), np.int8))
    assert len(calls) == 1


@pytest.mark.parametrize(("value", "byte"), [(0, -128), (1, 127), (0.5, 0), (9, 127), (-9, -128)])
def test_a_value_is_the_nearest_byte(value: float, byte: int) -> None:
    assert Tensor(0, (1,), 1 / 255, -128).quantise(value) == byte


def test_a_fault_while_running_is_a_model_error_that_names_the_file() -> None:
    graph = Graph(doubling(), "fake", "models/graph.tflite")
    with pytest.raises(ModelError, match=r"^models/graph\.tflite: fake cannot run this model: Cannot set tensor"):
        graph.invoke(np.zeros((1, 7), np.int8), np.zeros((1, 3), np.int8))


def test_a_graph_with_floats_is_refused() -> None:
    floats = FakeInterpreter([(1, 2)], (1, 2), lambda a: a, [(0.0, 0), (1.0, 0)])
    with pytest.raises(ModelError, match="full-integer quantisation"):
        Graph(floats, "fake", "graph.tflite")


def test_the_first_runtime_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    install(monkeypatch, ai_edge_litert=Loading, tflite_runtime=Loading)
    assert runtime.load(file).runtime == "ai-edge-litert"
    assert runtime.load(file, "tflite-runtime").runtime == "tflite-runtime"
    install(monkeypatch, tflite_runtime=Loading)
    assert runtime.load(file).runtime == "tflite-runtime"


def test_without_a_runtime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    install(monkeypatch)
    with pytest.raises(ModelError, match=r"^no runtime .* install ai-edge-litert, or tflite-runtime with numpy<2 "):
        runtime.load(file)


def test_the_old_runtime_under_a_new_numpy_is_told_apart_from_a_bad_model(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    install(monkeypatch, tflite_runtime=broken(SystemError("<built-in method> returned NULL")))
    with pytest.raises(ModelError, match=f"tflite-runtime: does not work with NumPy {np.__version__}"):
        runtime.load(file)
    install(monkeypatch, tflite_runtime=broken(ValueError("Model provided has model identifier 'aph'\nmore")))
    with pytest.raises(ModelError, match=r"graph\.tflite: is not a model that tflite-runtime can load: .*'aph'$"):
        runtime.load(file)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.tflite: cannot be read: No such file or directory"):
        runtime.load(tmp_path / "nothing.tflite")


@pytest.mark.parametrize("distribution", INSTALLED)
@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3" + bytes(100), b"#!/bin/sh\n" * 50])
def test_a_real_runtime_refuses_what_is_no_graph(tmp_path: Path, distribution: str, content: bytes) -> None:
    path = tmp_path / "graph.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"graph\.tflite: is not a model that"):
        runtime.load(path, distribution)


def test_there_is_a_runtime_to_test_with() -> None:
    assert INSTALLED


_LOAD = """
import sys
from importlib import import_module
from pathlib import Path
from bachd.neural import runtime

module = import_module(runtime.RUNTIMES[sys.argv[1]])
real = module.Interpreter

def interpreter(**arguments):
    found = real(**arguments)
    print("logged meanwhile", file=sys.stderr, flush=True)
    return found

module.Interpreter = interpreter
for graph in sys.argv[2:]:
    runtime.load(Path(graph), sys.argv[1])
print("logged after", file=sys.stderr)
"""


@pytest.mark.parametrize("distribution", INSTALLED)
def test_loading_prints_nothing_and_loses_no_line_of_others(distribution: str) -> None:
    folder = bundle.folder("chorales")
    graphs = [str(folder / name) for name in GRAPHS]
    command = [sys.executable, "-c", _LOAD, distribution, *graphs]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    assert done.stderr.splitlines() == ["logged meanwhile", "logged meanwhile", "logged after"]
