"""Choose what trains: TensorFlow, on one device or several, or JAX on one.

Law: what cannot train is refused before anything is read.
"""

from __future__ import annotations

import importlib.util
import os
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


def strategy(name: str) -> Any:
    """Return TensorFlow's distribution strategy; None for one device, whichever backend it is for."""
    if name == "none":
        return None
    from bachd.training.fit import train_step

    return train_step.strategy(name)
