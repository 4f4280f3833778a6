from __future__ import annotations

import json

import pytest

from bachd.music.metre import Grid
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.melody import Turn
from bachd.neural.model import TfliteModel
from bachd.training import cli
from bachd.training.evaluate.given import report
from bachd.training.evaluate.given.unseen_melodies import Song
from tests.training import small

SONG = Song([Turn(24 * beat, 67 + beat % 5) for beat in range(16)] + [Turn(16 * 24, None)], Grid(), 0)


def test_a_bundle_is_put_beside_the_baselines_and_the_composer() -> None:
    bundle = Bundle.open("chorales")
    found = report.run(bundle, TfliteModel.open(bundle.folder), small.corpus(), [SONG])
    assert list(found.rows) == [
        "chorales",
        "commonest chord of the note",
        "table: degree, step, beat",
        "the corpus, the same pieces",
    ]
    assert found.pieces == 1
    assert {row.sixteenths for row in found.rows.values()} == {5 * 4 * 6}
    itself = found.rows["the corpus, the same pieces"]
    assert itself.same_set == itself.bass == 1.0
    assert 0 < found.rows["chorales"].same_set < 1
    assert json.loads(found.as_json())["chorales"]["sixteenths"] == 120
    assert "same set" in found.as_text()
    assert "table: degree, step, beat" in found.as_text()
    assert found.unseen_melodies is not None
    assert found.unseen_melodies.songs == 1
    assert "1 folk songs" in found.as_text()


def test_another_voice_is_put_beside_the_composer() -> None:
    bundle = Bundle.open("chorales")
    found = report.run(bundle, TfliteModel.open(bundle.folder), small.corpus(), [], "bass")
    assert list(found.rows) == ["chorales", "the corpus, the same pieces"]
    bundled, itself = found.rows.values()
    assert bundled.bass == bundled.voice_4 == 1.0  # for that is given
    assert 0 < bundled.voice_1 < 1
    assert itself.voice_1 == itself.in_key == 1.0
    assert json.loads(found.as_json())["given"] == "bass"
    assert found.as_text().startswith("of 1 held-out pieces the bass is given")
    assert "folk songs" not in found.as_text()


def test_without_a_corpus_nothing_is_held_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bachd.training.evaluate.reference_music.compared", lambda *_: (None, []))
    assert cli.main(["evaluate", "chorales", "--given", "soprano"]) == 64
    assert "--given needs pieces that were held out; give --corpus SOURCE" in capsys.readouterr().err
