"""Run an unknown bundle's graphs in a child process first: a .tflite file can crash whatever loads it.

Law: no graph runs in the process that plays unless it came with bachd, or has been run here before, byte for byte, by
the runtime that is installed; so a damaged bundle costs an error, never the music.

`python -m bachd.neural.bundle.trial_run FOLDER` is the child. It writes 'ok', or why not after a '!'.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from bachd import atomic_file, child_process
from bachd.errors import ModelError
from bachd.neural.bundle import bundle
from bachd.neural.bundle.bundle import SHIPPED, Bundle
from bachd.neural.bundle.card import HARMONY, read_card
from bachd.neural.model import TfliteModel
from bachd.neural.runtime import RUNTIMES, Int8Array, load

PATIENCE: Final = 30.0
"""Seconds after which a trial has failed: a hundred times what it takes."""
FILE: Final = "tried-graphs"
"""Name of the file that remembers what has been tried, a digest a line."""
_KEPT: Final = 64
_ROUNDS: Final = 8
_NICE: Final = 10
_MEMORY: Final = 1 << 30
"""Bytes that a trial may use; it needs 60 MB."""


def ensure(tested: Bundle, memory: Path) -> None:
    """Raise ModelError unless the graphs of a bundle run, which is tried in a child if it is not known yet.

    memory: the folder where it is remembered what has been tried. It may be missing, or not for writing.
    """
    if _is_shipped(tested):
        return
    digest = _digest(tested)
    known = _read(memory)
    if digest not in known:
        _try(tested.folder)
        _write(memory, [*known, digest][-_KEPT:])


def _is_shipped(tested: Bundle) -> bool:
    """Whether the graphs are those of a bundle that came with bachd, wherever this one lies."""
    if bundle.is_shipped(tested.folder):
        return True
    wanted = {tested.card.files[name] for name in tested.card.graphs}
    for name in SHIPPED:
        with suppress(ModelError):
            if wanted <= set(read_card(bundle.folder(name)).files.values()):
                return True
    return False


def _digest(tested: Bundle) -> str:
    """Return a key for these graphs, these runtimes and this kind of processor."""
    parts = [tested.card.files[name] for name in tested.card.graphs]
    parts += [*map(_version, RUNTIMES), os.uname().machine, np.__version__]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _version(distribution: str) -> str:
    """An installed distribution's name and version. importlib.metadata would take longer than all else here."""
    package = RUNTIMES[distribution].partition(".")[0]
    try:
        found = find_spec(package)
    except (ImportError, ValueError):
        found = None
    if found is None or found.origin is None:
        return f"no {distribution}"
    folder = Path(found.origin).parents[1]
    return next((info.name for info in folder.glob(f"{package}-*.dist-info")), str(folder))


def _try(folder: Path) -> None:
    """Run the graphs in a child. Raises ModelError if that crashes, hangs or fails."""
    process = child_process.start("bachd.neural.bundle.trial_run", str(folder.resolve()))
    said = child_process.read_line(process, PATIENCE)
    code = child_process.end(process, 1.0 if said else 0.0)
    if said == "ok":
        return
    if said.startswith("!"):
        raise ModelError(said[1:])
    if code == -signal.SIGKILL:
        what = f"do not run within {PATIENCE:g} s"
    else:
        what = f"crash the runtime ({signal.Signals(-code).name})" if code < 0 else "make the runtime fail"
    raise ModelError(f"model: the graphs of {folder} {what}; install the bundle again, or choose another model")


def _read(memory: Path) -> list[str]:
    try:
        with (memory / FILE).open("rb") as file:
            return file.read(1 << 16).decode("ascii", "replace").split()
    except OSError:
        return []


def _write(memory: Path, digests: list[str]) -> None:
    with suppress(OSError):  # then it is tried again the next time
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_file.replace(memory / FILE, "".join(f"{digest}\n" for digest in digests).encode(), mode=0o600)


def _run(folder: Path) -> str:
    """Run a bundle's graphs, in the child; return 'ok', or '!' and what is wrong with them."""
    try:
        model = TfliteModel.open(folder)
        rng = np.random.default_rng(0)
        context = model.context()
        (window,) = model.trunk.inputs
        for _ in range(_ROUNDS):
            ones = rng.random(window.shape) < 0.05  # about as many as music has
            context.window[:] = np.where(ones, window.quantise(1), window.quantise(0))
            hidden: Int8Array = model.encode(context)
            if not np.isfinite(model.head_logits(hidden, (), ())).any():
                return f"!{folder}: its graphs compute no numbers; install the bundle again"
        if (folder / HARMONY).exists():
            graph = load(folder / HARMONY)
            graph.invoke(*(np.full(tensor.shape, tensor.zero, np.int8) for tensor in graph.inputs))
    except ModelError as fault:
        return f"!{fault}"
    except (ArithmeticError, LookupError, MemoryError, ValueError) as fault:  # scales and shapes that make no sense
        return f"!{folder}: its graphs are damaged ({fault}); install the bundle again"
    return "ok"


def main() -> None:
    """Try what the command line names."""
    with suppress(OSError, ValueError):
        os.nice(_NICE)  # music may be playing
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said = _run(Path(sys.argv[1]))
    sys.stdout.write(" ".join(said.split()) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
