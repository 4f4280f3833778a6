"""Check a bundle's graphs against the Edge TPU's published constraints, and compile its trunk.

Law: nothing is said to compile that its compiler has not compiled. Where there is no compiler, the card says so.

edgetpu_compiler is closed, runs on x86-64 Debian, and comes from Coral alone (coral.ai/docs/edgetpu/compiler). Only the
trunk is compiled: `bachd.neural.edgetpu` says why the head stays on the CPU.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bachd import atomic_file
from bachd.errors import ModelError
from bachd.neural.bundle.card import COMPILED, GRAPHS, HARMONY
from bachd.training.export import tflite_file
from bachd.training.export.edgetpu_rules import EVERYWHERE, SPECIFIC

COMPILER: Final = "edgetpu_compiler"
SRAM: Final = 8 * 2**20
"""Bytes on the chip. Weights that do not fit in are sent again for each run, which works, but slowly."""
PATIENCE: Final = 300.0
"""Seconds that the compiler may take. It gives up by itself after 180."""

_VERSION: Final = re.compile(r"Edge TPU Compiler version (\S+)")
_MAPPED: Final = "Mapped to Edge TPU"
_ROW: Final = re.compile(r"^([\w-]+) +(\d+) +(\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint that an operator does not keep. It and all that follows it would run on the CPU."""

    graph: str
    """Name of the file."""
    index: int
    """Where the operator stands in the graph, from 0."""
    operator: str
    rule: str
    """What is wrong, as the end of a sentence about the operator."""
    remedy: str

    def __str__(self) -> str:
        return f"{self.graph}: operator {self.index}, {self.operator}, {self.rule}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the compiler said about a graph."""

    version: str
    mapped: dict[str, int]
    """How many of each operator the Edge TPU runs."""
    left: dict[str, str]
    """Why the CPU runs the others, by operator."""
    log: str
    """All it said."""


def violations(folder: Path) -> list[Violation]:
    """Where the graphs of a bundle break the constraints, in their order. Raises ModelError for a damaged graph."""
    names = [*GRAPHS, *([HARMONY] if (folder / HARMONY).exists() else [])]
    return [found for name in names for found in _violations(folder / name)]


def _violations(path: Path) -> list[Violation]:
    found = []
    for index, operator in enumerate(tflite_file.read(path)):
        with tflite_file.sound(path):
            broken = [rule for rule in EVERYWHERE if rule.broken(operator)]
            broken = broken or [rule for rule in SPECIFIC.get(operator.name, ()) if rule.broken(operator)]
        found += [Violation(path.name, index, operator.name, rule.says, rule.remedy) for rule in broken]
    return found


def notes(folder: Path) -> list[str]:
    """What breaks no constraint but makes an Edge TPU slow. Raises ModelError for a damaged graph."""
    operators = tflite_file.read(folder / GRAPHS[0])
    weights = {id(tensor): len(tensor.data or b"") for operator in operators for tensor in operator.constants}
    size = sum(weights.values())
    if size <= SRAM:
        return []
    return [f"{GRAPHS[0]}: {size / 2**20:.1f} MiB of weights, of which the chip keeps {SRAM // 2**20} at most"]


def add(folder: Path) -> dict[str, Any]:
    """Compile the trunk of a bundle that is being made, put the result beside it, and return what its card should say.

    Without the compiler, that is all it says. Raises ModelError when the compiler fails or leaves the CPU everything.
    """
    said: dict[str, Any] = {
        "constraints broken": [str(violation) for violation in violations(folder)],
        "notes": notes(folder),
    }
    compiler = shutil.which(COMPILER)
    if compiler is None:
        return said | {
            "compiled": False,
            "why": f"{COMPILER} was not there; get it from coral.ai/docs/edgetpu/compiler",
        }
    compilation = compile_trunk(folder, compiler)
    outcome = asdict(compilation)
    del outcome["log"]
    return said | {"compiled": True, **outcome}


def compile_trunk(folder: Path, compiler: str, patience: float = PATIENCE) -> Compilation:
    """Compile the trunk in `folder` to COMPILED beside it. Raises ModelError, and writes nothing, when that fails.

    patience: seconds that it may take.
    """
    trunk, compiled = folder / GRAPHS[0], folder / COMPILED
    with tempfile.TemporaryDirectory(prefix=".edgetpu-", dir=folder) as scratch:
        command = [compiler, "--show_operations", "--out_dir", scratch, str(trunk)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=patience, check=False
            )
        except subprocess.TimeoutExpired:
            raise ModelError(
                f"{COMPILER} has not compiled {trunk} in {patience:g} s; make the network smaller"
            ) from None
        except OSError as fault:
            raise ModelError(f"{compiler} cannot be run: {fault.strerror}; install it again") from fault
        made, log = Path(scratch, COMPILED), done.stdout + done.stderr
        if done.returncode or not made.is_file():
            raise ModelError(f"{COMPILER} does not compile {trunk}: {_complaint(log)}")
        compilation = _read(log)
        if not compilation.mapped:
            raise ModelError(f"{COMPILER} leaves all of {trunk} to the CPU: {_complaint(log)}")
        atomic_file.replace(compiled, made.read_bytes())
    return compilation


def _read(log: str) -> Compilation:
    version = _VERSION.search(log)
    mapped: Counter[str] = Counter()
    left: dict[str, str] = {}
    for name, count, status in _ROW.findall(log):
        if status == _MAPPED:
            mapped[name] += int(count)
        elif name.isupper():
            left[name] = status
    return Compilation(version.group(1) if version else "unknown", dict(mapped), left, log)


def _complaint(log: str) -> str:
    """The line of a log that says most, or the reasons why operators were left to the CPU."""
    reasons = sorted(set(_read(log).left.values()))
    errors = [line.strip() for line in log.splitlines() if re.search("error|invalid|abort|not ", line, re.IGNORECASE)]
    return "; ".join(reasons or errors[:2]) or "it does not say why"
