"""Choose what trains: TensorFlow, on one device or several, or JAX on one.

Law: what cannot train is refused before anything is read; what a framework reports of itself as it is imported is
shown only if that fails.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bachd.errors import UsageError, pip_install


def check(strategy: str) -> None:
    """Raise UsageError if the backend that KERAS_BACKEND names is none that trains here, or not by this strategy."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend not in ("tensorflow", "jax"):
        raise UsageError(f"KERAS_BACKEND={backend}: bachd trains with tensorflow or jax")
    for module in (backend, "keras"):
        if importlib.util.find_spec(module) is None:
            how = pip_install("keras", "jax") if backend == "jax" else pip_install("[train]")
            raise UsageError(f"{module} is missing, which is to train: {how}")
    if strategy != "none" and backend != "tensorflow":
        raise UsageError(f"--strategy {strategy} needs TensorFlow; unset KERAS_BACKEND, or leave out --strategy")
    if strategy == "workers" and not os.environ.get("TF_CONFIG"):
        raise UsageError(
            "--strategy workers needs TF_CONFIG in the environment of each worker, such as "
            '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
        )


def load() -> None:
    """Import Keras with its backend, which takes some seconds."""
    with quiet():
        importlib.import_module("keras")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep back what is written to the standard error meanwhile; show it if there is an error, or the process dies.

    A framework's C++ writes to the descriptor itself, and aborts where it misses what it needs of the processor: so it
    is another process that waits for the end of this.
    """
    outside = os.dup(2)
    waiting, ending = os.pipe()
    with tempfile.TemporaryFile() as said:
        if (process := os.fork()) == 0:
            os.close(ending)
            if not os.read(waiting, 1):
                said.seek(0)
                os.write(outside, said.read())
            os._exit(0)
        os.close(waiting)
        os.dup2(said.fileno(), 2)
        try:
            yield
            os.write(ending, b".")
        finally:
            os.dup2(outside, 2)
            os.close(outside)
            os.close(ending)
            os.waitpid(process, 0)


def strategy(name: str) -> Any:
    """Return TensorFlow's distribution strategy; None for one device, whichever backend it is for."""
    if name == "none":
        return None
    from bachd.training.fit import train_step

    return train_step.strategy(name)
