"""What is kept of a run, and what is told of a file that is no good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bachd.errors import UsageError
from bachd.training.fit.run_folder import STATE
from tests.training.small import recipe

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def test_what_is_kept_is_taken_up_again_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit.run_state import RunState

    run = RunState(recipe(2), 3)
    assert not run.restore(tmp_path)
    for weight in run.best.trainable_variables:
        weight.assign(weight + 1.0)
    run.done, run.low = 1, 2.5
    run.keep(tmp_path)
    other = RunState(recipe(2), 3)
    assert other.restore(tmp_path)
    assert (other.done, other.low) == (1, 2.5)
    for name, variable in run._variables().items():
        np.testing.assert_array_equal(np.asarray(variable), np.asarray(other._variables()[name]), err_msg=name)
    data = (tmp_path / STATE).read_bytes()
    for bad in (b"", data[: len(data) // 2], b"PK" + data[2:1000]):
        (tmp_path / STATE).write_bytes(bad)
        with pytest.raises(UsageError, match="is damaged; remove") as fault:
            other.restore(tmp_path)
        assert "\n" not in str(fault.value)


def test_a_run_of_an_older_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit.run_state import RunState

    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "checkpoint").write_text("model_checkpoint_path: ...")
    with pytest.raises(UsageError, match="of an older version of bachd; choose another folder with --work"):
        RunState(recipe(2), 3).restore(tmp_path)
    assert (tmp_path / "state" / "checkpoint").exists()
