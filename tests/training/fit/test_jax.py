"""The same run, gone on with by either backend, each in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.training.fit import run_folder
from tests.training.small import corpus, recipe

PATIENCE = 400.0
"""Seconds that a process may take on a busy machine."""

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def gone_on_with(backend: str, run: Path) -> list[Any]:
    """The weights that a backend learns in the run's last epoch."""
    command = [sys.executable, "-m", "tests.training.small", "none", str(run), str(run / "weights.npz")]
    environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    weights = np.load(run / "weights.npz")
    return [weights[name] for name in weights.files]


def test_jax_goes_on_with_a_run_and_learns_what_tensorflow_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("jax", reason="jax is not installed")
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import run_state, train

    class PulledError(Exception):
        pass

    kept = run_state.RunState.keep

    def pull_the_plug(run: Any, folder: Path) -> None:
        kept(run, folder)
        raise PulledError

    with monkeypatch.context() as patch:
        patch.setattr(run_state.RunState, "keep", pull_the_plug)
        with pytest.raises(PulledError):
            train.fit(corpus(), recipe(2, dropout=0.0), tmp_path / "jax")
    shutil.copytree(tmp_path / "jax", tmp_path / "tensorflow")
    before = np.load(tmp_path / "jax" / run_folder.STATE)["average-0"]
    learned = {backend: gone_on_with(backend, tmp_path / backend) for backend in ("jax", "tensorflow")}
    for one, other in zip(learned["jax"], learned["tensorflow"], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, equal_nan=False)
    assert np.abs(learned["jax"][0] - before).max() > 1e-3
