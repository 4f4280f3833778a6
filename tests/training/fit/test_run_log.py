from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bachd.training.disk import DiskError
from bachd.training.evaluate.prediction import Score
from bachd.training.fit.run_log import RunLog
from tests.training.full_disk import no_file_beyond

SCORE = Score(1.5, 0.5, 0.5, 10)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


def test_a_full_disk_leaves_the_log_whole(tmp_path: Path) -> None:
    log = RunLog(tmp_path)

    def write(epoch: int) -> None:
        log.epoch(epoch, SCORE, SCORE, rate=0.1, seconds=2)

    with no_file_beyond(10), pytest.raises(DiskError, match=f"{tmp_path}/log.csv: cannot .* epoch 1 itself is kept"):
        write(1)
    write(2)
    with no_file_beyond((tmp_path / "log.csv").stat().st_size + 5), pytest.raises(DiskError, match="epoch 3 itself"):
        write(3)
    write(4)
    with (tmp_path / "log.csv").open(newline="") as file:
        assert [(row["epoch"], row["valid_nll"]) for row in csv.DictReader(file)] == [("2", "1.5"), ("4", "1.5")]


def test_a_disk_without_room_for_tensorboard_is_named(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    log = RunLog(tmp_path)
    log.epoch(1, SCORE, SCORE, rate=0.1, seconds=2)
    (size,) = [file.stat().st_size for file in (tmp_path / "tensorboard").iterdir()]
    wanted = f"{tmp_path}/tensorboard: cannot be written .File too large.; epoch 2 itself is kept"
    with no_file_beyond(size + 10), pytest.raises(DiskError, match=wanted) as fault:
        log.epoch(2, SCORE, SCORE, rate=0.1, seconds=2)
    assert "\n" not in str(fault.value)
