"""Graphs that are none, and the trunk, compiled.

The compiler is closed and cannot be had here. A script that does what its documentation and its logs in bug reports
show stands in for it, as an executable of its name on the PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert.schema_py_generated", reason="the schema of .tflite files comes with LiteRT")

from bachd.errors import ModelError
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import GRAPHS
from bachd.training.export import edgetpu_compiler

HEAD = """#!/bin/sh
while [ $# -gt 1 ]; do
  case $1 in
    --out_dir) out=$2; shift;;
  esac
  shift
done
echo "Edge TPU Compiler version 16.0.384591198"
"""
COMPILES = """
cp "$1" "$out/trunk_edgetpu.tflite"
cat << 'LOG'
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 129 ms.

Input model: trunk.tflite
Input size: 1.06MiB
Output model: trunk_edgetpu.tflite
Output size: 1.20MiB
On-chip memory used for caching model parameters: 1.05MiB
On-chip memory remaining for caching model parameters: 6.60MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 48
Operation log: trunk_edgetpu.log
See the operation log file for individual operation details.

Operator                       Count      Status

LOG
"""
ALL = COMPILES + 'echo "CONV_2D  14  Mapped to Edge TPU"; echo "ADD  2  Mapped to Edge TPU"\n'
REASON = "Operation is otherwise supported, but not mapped due to some unspecified limitation"
MOST = ALL + f'echo "RESHAPE  3  {REASON}"; echo "ADD  1  Mapped to Edge TPU"\n'
NONE = COMPILES + f'echo "CONV_2D  14  {REASON}"\n'
REFUSES = """
cat >&2 << 'LOG'
ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'. An older version of this builtin might be supported.

ERROR: Registration failed.

Invalid model: trunk.tflite
Model could not be parsed
LOG
exit 1
"""
TRUNK = "trunk_edgetpu.tflite"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    for name in GRAPHS:
        shutil.copy(bundle.folder("chorales") / name, made)
    return made


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the beginning of the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return programs


def install(path: Path, script: str) -> str:
    program = path / edgetpu_compiler.COMPILER
    program.write_text(HEAD + script)
    program.chmod(0o755)
    return str(program)


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_without_the_compiler_the_card_says_that_nothing_was_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    card = edgetpu_compiler.add(folder)
    assert card["compiled"] is False
    assert "edgetpu_compiler was not there" in card["why"]
    assert files(folder) == set(GRAPHS)


def test_what_was_compiled_lies_beside_the_trunk_and_the_card_says_by_what(folder: Path, path: Path) -> None:
    install(path, ALL)
    card = edgetpu_compiler.add(folder)
    assert json.loads(json.dumps(card)) == card
    assert (card["compiled"], card["version"]) == (True, "16.0.384591198")
    assert (card["mapped"], card["left"]) == ({"CONV_2D": 14, "ADD": 2}, {})
    assert card["constraints broken"] == [str(violation) for violation in edgetpu_compiler.violations(folder)]
    assert files(folder) == {*GRAPHS, TRUNK}


def test_what_is_left_to_the_cpu_is_told_with_the_reason(folder: Path, path: Path) -> None:
    compilation = edgetpu_compiler.compile_trunk(folder, install(path, MOST))
    assert compilation.mapped == {"CONV_2D": 14, "ADD": 3}
    assert compilation.left == {"RESHAPE": REASON}
    assert "Output size: 1.20MiB" in compilation.log


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (REFUSES, r"does not compile .*trunk\.tflite: ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'"),
        ("exit 0\n", r"does not compile .*trunk\.tflite: it does not say why"),
        (NONE, f"leaves all of .*trunk.tflite to the CPU: {REASON}"),
        ("echo broken; exit 3\n", "does not compile"),
        ("exec sleep 600\n", "has not compiled .* in 1 s"),
    ],
)
def test_a_compiler_that_fails_is_one_line_and_leaves_nothing(
    folder: Path, path: Path, script: str, complaint: str
) -> None:
    program = install(path, script)
    with pytest.raises(ModelError, match=complaint) as caught:
        edgetpu_compiler.compile_trunk(folder, program, patience=1.0 if "sleep" in script else 60.0)
    assert "\n" not in str(caught.value)
    assert files(folder) == set(GRAPHS)


def test_a_program_that_cannot_be_run_is_one_line(folder: Path, path: Path) -> None:
    program = path / edgetpu_compiler.COMPILER
    program.write_bytes(b"\x7fELF for another machine")
    program.chmod(0o755)
    with pytest.raises(ModelError, match="cannot be run: Exec format error"):
        edgetpu_compiler.add(folder)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3" + bytes(100), b"#!/bin/sh\n" * 50])
def test_what_is_no_graph_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trunk.tflite"
    with pytest.raises(ModelError, match=r"trunk\.tflite: cannot be read: No such file"):
        edgetpu_compiler.violations(tmp_path)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"trunk\.tflite: is no \.tflite graph, or a damaged one; export it again$"):
        edgetpu_compiler.violations(tmp_path)


def test_a_damaged_graph_is_read_or_is_one_line(tmp_path: Path) -> None:
    whole = (bundle.folder("chorales") / "head.tflite").read_bytes()
    rng = np.random.default_rng(3)
    for name in GRAPHS:
        (tmp_path / name).write_bytes(whole)
    path = tmp_path / "head.tflite"
    said = []
    for _ in range(200):
        damaged = bytearray(whole)
        for position in rng.integers(0, 3000, 5):
            damaged[-int(position) - 1 if rng.random() < 0.5 else int(position)] = int(rng.integers(256))
        path.write_bytes(damaged)
        try:
            edgetpu_compiler.violations(tmp_path)
        except ModelError as fault:
            said.append(str(fault))
    assert len(said) > 20
    assert not any("\n" in line for line in said)


def test_tensorflow_is_not_needed() -> None:
    script = (
        "import sys; from bachd.training.export import edgetpu_compiler; "
        "print({'tensorflow', 'keras'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
