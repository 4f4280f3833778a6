from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bachd.music import midifile
from bachd.training.fit.dataset import Batch
from bench import corpora


def test_files_are_those_of_composed_pieces(tmp_path: Path) -> None:
    corpora.folder(tmp_path, 3)
    names = [file.relative_to(tmp_path).as_posix() for file in sorted(tmp_path.rglob("*.mid"))]
    assert names == ["0000/000000.mid", "0000/000001.mid", "0000/000002.mid"]
    pieces = [midifile.read(file.read_bytes(), file.stem).events for file in sorted(tmp_path.rglob("*.mid"))]
    assert all(one != other for one, other in pairwise(pieces))
    assert pieces[1] == corpora.piece(1).events


@pytest.mark.filterwarnings("ignore")  # TensorFlow's own
def test_training_is_cut_off_after_the_first_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import train_step
    from bachd.training.fit.data import stream

    steps: list[int] = []

    def learn(batch: Batch) -> dict[str, float]:
        steps.append(len(batch.rows))
        return dict.fromkeys(("nll", "events", "symbols", "symbol_hits", "lengths", "length_hits"), 1.0)

    monkeypatch.setattr(stream, "batches", stream.batches)  # `learn` replaces it
    monkeypatch.setattr(train_step, "stepper", lambda *_: learn)
    monkeypatch.setattr(corpora, "_STEPS", 2)
    monkeypatch.setattr(corpora, "_DIFFERENT", 4)
    corpora.learn(20_000, tmp_path)
    assert len(steps) == 2
    assert (tmp_path / "run/log.csv").read_text().count("\n") == 2
