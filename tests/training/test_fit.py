"""The real framework on a few bars of music: what is trained, kept, continued and exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import Bundle
from bachd.neural.model import TfliteModel
from bachd.training.recipe import Recipe, Seeds

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

CADENCE = parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 E3.B3.E4.G4 D3.A3.D4.F#4 G2.B3.D4.G4:2")


@pytest.fixture(scope="module")
def companion() -> Any:
    """The parts that need the framework, which takes seconds to import."""
    tf = pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training import corpus, evaluate, export, fit, network

    class Companion:
        pass

    parts = Companion()
    parts.__dict__.update(tf=tf, corpus=corpus, evaluate=evaluate, export=export, fit=fit, network=network)
    return parts


def chorales(companion: Any) -> Any:
    def chorale(name: str, split: str, semitones: int) -> Any:
        events = tuple(
            Event(tuple(p + semitones for p in e.starts), tuple(p + semitones for p in e.held), e.ticks)
            for e in CADENCE * 5
        )
        return companion.corpus.Work(Piece(name, events, Grid()), name, split)

    rows = [("bwv1", "train", 0), ("bwv269", "train", 2), ("bwv2", "valid", -1), ("bwv3", "test", 3)]
    return companion.corpus.Corpus("test", tuple(chorale(*row) for row in rows), (), "", ())


def recipe(epochs: int) -> Recipe:
    seeds = Seeds(first=("bwv269",))
    return Recipe(name="small", width=16, hidden=24, epochs=epochs, crop=32, size=2, average=0.5, seeds=seeds)


def test_the_playing_form_computes_what_was_trained(companion: Any) -> None:
    corpus = chorales(companion)
    encoded = companion.fit.encode(corpus.pieces("test")[0])
    network = companion.fit._built(companion.network.Shape(width=16, hidden=24), encoded)
    trunk, head = companion.network.playing_trunk(network), companion.network.playing_head(network)
    (batch,) = companion.fit.in_order([encoded], size=99, crop=len(encoded.rows))
    logits, possible = network((batch.rows, batch.symbols, batch.notes))
    at = 0
    before = [(), *(event.sounding for event in corpus.pieces("test")[0].events)]
    for position in range(len(encoded.lengths)):
        window = encoded.rows[position : position + features.CONTEXT].astype(np.float32)
        hidden = trunk(companion.tf.constant(window[None, None]))
        for count in np.flatnonzero(encoded.symbols[position] >= 0):
            told = encoded.notes[position, count].astype(np.float32)
            spoken = head(hidden, companion.tf.constant(told[None]))
            np.testing.assert_allclose(spoken[0], logits[at], atol=1e-4)
            chosen = [int(symbol) for symbol in encoded.symbols[position, :count]]
            allowed = np.flatnonzero(possible[at, : features.SYMBOLS])
            assert list(allowed) == features.possible(chosen, before[position])
            at += 1
    assert at == len(logits)


def test_an_interrupted_run_goes_on_to_the_end_of_one_that_was_not(companion: Any, tmp_path: Path) -> None:
    corpus = chorales(companion)
    whole = companion.fit.fit(corpus, recipe(4), tmp_path / "whole")

    class PulledError(Exception):
        pass

    measured = companion.fit.measure
    calls = iter(range(99))

    def pull_the_plug(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise PulledError
        return measured(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(companion.fit, "measure", pull_the_plug)
        with pytest.raises(PulledError):
            companion.fit.fit(corpus, recipe(4), tmp_path / "cut")
    resumed = companion.fit.fit(corpus, recipe(4), tmp_path / "cut")
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    kept = companion.fit.trained(tmp_path / "cut", recipe(4), corpus)
    for one, other in zip(resumed.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (tmp_path / "cut" / "log.csv").read_text().count("\n") == 5


def test_a_folder_is_not_shared_by_two_recipes(companion: Any, tmp_path: Path) -> None:
    corpus = chorales(companion)
    companion.fit.fit(corpus, recipe(1), tmp_path)
    with pytest.raises(companion.fit.UsageError, match="another recipe"):
        companion.fit.fit(corpus, recipe(2), tmp_path)
    with pytest.raises(companion.fit.UsageError, match="bachd-train fit"):
        companion.fit.trained(tmp_path / "nowhere", recipe(1), corpus)
    with pytest.raises(companion.fit.UsageError, match=r"trained with epochs: 1; write that into train\.yaml"):
        companion.fit.trained(tmp_path, recipe(2), corpus)


def test_what_is_exported_loads_plays_and_measures_as_the_network_does(companion: Any, tmp_path: Path) -> None:
    corpus = chorales(companion)
    settings = recipe(12)
    network = companion.fit.fit(corpus, settings, tmp_path / "run")
    target = tmp_path / "models" / "small"
    target.mkdir(parents=True)
    (target / "stale").touch()
    card = companion.export.export(network, settings, corpus, target, b"name: small\n")
    assert json.loads((target / "card.json").read_text())["files"].keys() == card["files"].keys()
    assert sorted(path.name for path in target.parent.iterdir()) == ["small"]
    assert not (target / "stale").exists()
    assert (target / "train.yaml").read_text() == "name: small\n"
    assert "train.yaml" in Bundle.open(target).card.files
    assert set(card["seeds"]) == {"bwv269", "bwv2", "bwv3"}
    figures = card["figures"]
    assert figures["int8"]["event_nll"] == pytest.approx(figures["float"]["event_nll"], rel=0.02)
    assert figures["float"]["event_nll"] < figures["unigram"]["event_nll"]
    again = companion.evaluate.score(TfliteModel.open(target), corpus.pieces("test"))
    assert again.event_nll == pytest.approx(figures["int8"]["event_nll"], abs=1e-3)
