from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece


def test_a_bundle_is_held_against_the_corpus_of_its_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("tqdm", reason="needs the extra 'train'")
    from bachd.training.corpus import model as corpus_model
    from bachd.training.corpus import sources
    from bachd.training.evaluate import reference_music

    piece = Piece("a/tune", parse_line("C4 D4 E4"), Grid())
    works = [
        corpus_model.Work(piece, "a/tune", "train"),
        corpus_model.Work(replace(piece, name="b/tune"), "b/tune", "test"),
    ]
    music = corpus_model.Corpus("few", tuple(works), (), "nobody", ())
    asked: list[str] = []

    def load(source: str) -> corpus_model.Corpus:
        asked.append(source)
        if source == "gone":
            raise corpus_model.CorpusError("no corpus gone")
        return music

    monkeypatch.setattr(sources, "load", load)
    assert reference_music.compared(None, tmp_path) == (None, [])
    assert reference_music.compared("./few", tmp_path) == (music, [piece])
    (tmp_path / "train.yaml").write_text("name: small\ncorpus: chorales\ntrain_on: {a: 2}\nhold_out: [b]\n")
    assert reference_music.compared(None, tmp_path) == (music.within(["b"]), [piece, piece])
    with pytest.raises(corpus_model.CorpusError):
        reference_music.compared("gone", tmp_path)
    (tmp_path / "train.yaml").write_text("name: small\ncorpus: gone\n")
    assert reference_music.compared(None, tmp_path) == (None, [])
    assert "going on without a corpus" in caplog.text
    assert asked == ["./few", "chorales", "gone", "gone"]
