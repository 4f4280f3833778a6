from __future__ import annotations

import json
from dataclasses import replace
from math import log
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bachd.music import midifile
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import Card
from tests.neural.fakes import ScriptedModel, restless

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.corpus.model import Corpus, Work
from bachd.training.evaluate import evaluation, prediction

CADENCE = Piece("cadence", parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 G2.B3.D4.G4:3 " * 4), Grid())
TUNE = Piece("tune", parse_line("C4 D4 E4 F4 " * 4), Grid())


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Seeds and a card, as far as they are looked at."""
    figures = {
        "int8": {"event_nll": 4.2, "runtime": "ai-edge-litert", "reliability": []},
        "unigram": {"event_nll": 15.5, "note_accuracy": 0.2},
        "bytes": {"head.tflite": 9},
        "held out": "the test pieces",
    }
    card = {"name": "small", "description": "Chorales <of> no length", "figures": figures, "data": {"credit": "A & B"}}
    (tmp_path / "card.json").write_text(json.dumps(card))
    return Bundle(tmp_path, Card("small", {}, {"tune": "tune.mid"}, (40, 80)), {"tune": midifile.write(TUNE)})


def corpus(*held_out: Piece) -> Corpus:
    works = [Work(CADENCE, "cadence", "train"), *(Work(piece, piece.name, "test") for piece in held_out)]
    return Corpus("few", tuple(works), (), "nobody", ())


def test_a_model_that_is_sure_and_right_has_nothing_to_learn() -> None:
    score = prediction.score(ScriptedModel([*CADENCE.events, None]), [CADENCE])
    assert score.events == 17
    assert score.event_nll == pytest.approx(0, abs=1e-6)
    assert score.note_accuracy == score.length_accuracy == score.pitch_event_accuracy == 1
    assert score.calibration_error == pytest.approx(0, abs=1e-6)


def test_a_model_that_knows_nothing_takes_what_is_possible_for_equally_likely() -> None:
    piece = Piece("one", parse_line("C4"), Grid())
    score = prediction.score(ScriptedModel([None, None], certainty=0), [piece])
    spelled = log(features.PITCHES + 2) + log(36 + 1)
    assert score.pitch_event_nll == pytest.approx(spelled)
    assert score.event_nll == pytest.approx((spelled + log(len(features.LENGTHS)) + log(features.PITCHES + 3)) / 2)
    assert score.note_nll == pytest.approx(spelled + log(features.PITCHES + 3))


def test_everything_is_measured_and_told_to_people_and_programs(bundle: Bundle) -> None:
    model = ScriptedModel([*TUNE.events, None, *TUNE.events, None, *CADENCE.events, None])
    found = evaluation.run(bundle, model, corpus(TUNE), 1 / 60, rng=1)
    assert found.score is not None
    assert found.score.note_accuracy == 1
    assert found.held_out == 1
    assert 0 < found.playing.copied[evaluation.EXACT].longest <= 16
    assert found.written is not None
    assert found.written.copied[evaluation.MOVED].longest == 0  # there are only chords
    assert found.written.music.pieces == 2
    told = json.loads(found.as_json())
    assert told["held_out"]["event_nll"] == pytest.approx(0, abs=1e-4)
    assert told["card"] == {"int8": {"event_nll": 4.2}, "unigram": {"event_nll": 15.5, "note_accuracy": 0.2}}
    assert told["copied"]["free_run"][evaluation.EXACT]["longest"] == found.playing.copied[evaluation.EXACT].longest
    assert told["written"]["pieces"] == 2
    assert set(told["within_written"]) == {"pitch_class_entropy", "distinct_4", "scale_consistency"}
    assert told["settings"]["rng"] == 1
    text = found.as_text()
    assert "1 held-out piece of few" in text
    assert "the corpus, held out" in text
    assert "Bach" not in text
    for words in ("card: unigram", "15.500", "scale consistency", "windows alike", evaluation.MOVED):
        assert words in text


def test_without_a_corpus_there_is_what_the_model_plays(bundle: Bundle) -> None:
    found = evaluation.run(bundle, restless(Random(1)), None, 1 / 60, rng=1)
    assert found.score is None
    assert found.written is None
    told = json.loads(found.as_json())
    assert told["held_out"] is told["written"] is None
    assert told["free_run"]["events"] == len(found.playing.music.row) > 0
    assert told["copied"] == {"free_run": {}}
    assert "--corpus" in found.as_text()


def test_a_corpus_that_holds_nothing_out_is_no_reason_to_fail(bundle: Bundle) -> None:
    found = evaluation.run(bundle, restless(Random(1)), corpus(), 1 / 60, rng=1)
    assert found.score is None
    assert found.written is not None
    assert "holds nothing out" in found.as_text()


class _Reader:
    """What a browser would fetch or run."""

    def __init__(self, page: str) -> None:
        from html.parser import HTMLParser

        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        outer = self

        class Parser(HTMLParser):
            def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
                outer.tags.append((tag, dict(attrs)))

            def handle_data(self, data: str) -> None:
                outer.text += data

        Parser().feed(page)


def test_the_page_is_whole_asks_for_nothing_and_takes_a_card_for_text(bundle: Bundle, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'train'")
    from bachd.training.evaluate import html_report

    evil = {"name": "<script>alert(1)</script>", "figures": {"<b>float</b>": {"event_nll": 1.5}}, "licence": "A & B"}
    (tmp_path / "card.json").write_text(json.dumps(evil))
    model = ScriptedModel([*TUNE.events, None, *TUNE.events, None, *CADENCE.events, None])
    html_report.write(evaluation.run(bundle, model, corpus(TUNE), 1 / 60, rng=1), tmp_path / "page.html")
    page = _Reader((tmp_path / "page.html").read_text(encoding="utf-8"))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "b"}
    assert "<script>alert(1)</script>" in page.text
    assert "<b>float</b> (card)" in page.text
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 9
    assert all(attributes["aria-label"] for attributes in pictures)
    assert not any(
        str(value).startswith("http")
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action")
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.json", "page.html"]


@pytest.mark.parametrize("by_bach", [True, False])
def test_the_page_says_bach_of_his_music_alone(bundle: Bundle, by_bach: bool) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'train'")
    from bachd.training.evaluate import html_report

    model = ScriptedModel([*TUNE.events, None, *TUNE.events, None, *CADENCE.events, None])
    music = replace(corpus(TUNE), by_bach=by_bach)
    text = html_report.page(evaluation.run(bundle, model, music, 1 / 60, rng=1))
    assert ("Bach" in text) is by_bach
    assert ("the corpus" in text) is not by_bach


def test_the_page_without_a_corpus_says_so(bundle: Bundle) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'train'")
    from bachd.training.evaluate import html_report

    page = html_report.page(evaluation.run(bundle, restless(Random(1)), None, 1 / 60, rng=1))
    assert "There was no corpus" in page
    assert "Does it copy?" not in page
    assert "Chorales &lt;of&gt; no length" in page


def test_each_figure_is_explained(bundle: Bundle) -> None:
    from bachd.training.evaluate import html_report

    found = evaluation.run(bundle, restless(Random(1)), None, 1 / 60, rng=1)
    assert set(html_report.EXPLAINED) == set(found.playing.figures())
