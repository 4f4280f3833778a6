"""The real converter on a small network: what a bundle holds, whom it names, and what becomes of the old one."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.errors import UsageError
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import assemble, features
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import HARMONY
from bachd.neural.model import TfliteModel
from bachd.training.corpus import sources
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate import prediction
from bachd.training.export import edgetpu_compiler
from bachd.training.fit.data.records import pack
from bachd.training.fit.data.stream import as_written, batches
from bachd.training.recipe import Recipe, Seeds
from tests.training.small import corpus, recipe, work

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

TEXT = b"name: small\n"


@pytest.fixture(scope="module")
def companion() -> Any:
    """The parts that need the framework, which takes seconds to import."""
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.baselines import compare
    from bachd.training.export import bundle as export_bundle
    from bachd.training.fit import train as trainer

    class Companion:
        pass

    parts = Companion()
    parts.__dict__.update(baselines=compare, export=export_bundle, fit=trainer)
    return parts


@pytest.fixture(scope="module")
def trained(companion: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a run, and its network."""
    run = tmp_path_factory.mktemp("run")
    return run, companion.fit.fit(corpus(), recipe(12), run)


def source(companion: Any, network: Any, music: Corpus, told: Recipe, **more: Any) -> Any:
    return companion.export.Source(network, told, TEXT, music, **more)


def test_what_is_exported_loads_plays_and_measures_as_the_network_does(
    companion: Any, trained: tuple[Path, Any], tmp_path: Path
) -> None:
    music, network = corpus(), trained[1]
    target = tmp_path / "models" / "small"
    target.mkdir(parents=True)
    (target / "card.json").write_text("of an older bundle")
    (target / "stale").touch()
    lstm = {"an LSTM": {"event_nll": 9.0}}
    card = companion.export.export(source(companion, network, music, recipe(12), others=lstm), target, edgetpu=True)
    assert json.loads((target / "card.json").read_text())["files"].keys() == card["files"].keys()
    assert sorted(path.name for path in target.parent.iterdir()) == ["LICENSES.md", "small"]
    assert not (target / "stale").exists()
    assert (target / "train.yaml").read_bytes() == TEXT
    assert {"train.yaml", "trunk.tflite", "head.tflite"} <= Bundle.open(target).card.files.keys()
    assert set(card["seeds"]) == {"bwv269", "bwv2", "bwv3"}
    assert card["edgetpu"]
    figures = card["figures"]
    assert figures["int8"]["event_nll"] == pytest.approx(figures["float"]["event_nll"], rel=0.02)
    assert figures["int8"].keys() - {"runtime"} == figures["float"].keys()
    assert figures["float"]["event_nll"] < figures["unigram"]["event_nll"]
    assert figures["an LSTM"]["event_nll"] == 9.0
    model, test = TfliteModel.open(target), music.pieces("test")
    unplanned = prediction.score(model, test)
    assert unplanned.event_nll == pytest.approx(figures["int8, told of no plan"]["event_nll"], abs=1e-3)
    again = prediction.score(model, test, sources.forms(music, test))
    assert again.event_nll == pytest.approx(figures["int8"]["event_nll"], abs=1e-3)
    assert again.event_nll != unplanned.event_nll


def test_the_network_in_training_form_is_measured_like_the_bundle(companion: Any, trained: tuple[Path, Any]) -> None:
    packed = pack([(piece, None) for piece in corpus().pieces("test")])
    measured = companion.fit.measure(trained[1], companion.fit.measured(packed))
    (batch,) = batches(packed, as_written(packed), batch_size=1, crop_length=999)
    arrays = companion.fit.flat(batch)
    sums = trained[1].losses(trained[1](companion.fit.inputs(arrays)), arrays)
    assert measured.events == int(sums["events"])
    assert measured.event_nll == pytest.approx(float(sums["nll"] / sums["events"]), rel=1e-4)
    assert measured.note_accuracy == pytest.approx(float(sums["symbol_hits"] / sums["symbols"]), abs=1e-6)
    assert measured.length_accuracy == pytest.approx(float(sums["length_hits"] / sums["lengths"]), abs=1e-6)


def test_a_bundle_names_whom_it_learned_from_and_takes_only_what_it_may(
    companion: Any, trained: tuple[Path, Any], tmp_path: Path
) -> None:
    shared = "Creative Commons Attribution-ShareAlike 4.0. Typeset by Ben"
    works = (
        work("cello/a", "train", 0, shared),
        work("cello/b", "valid", -1, "Public Domain. Typeset by Ada"),
        work("cello/c", "test", 3, shared),
        work("organ/d", "train", 2, "Public Domain. Typeset by Eve"),
    )
    told = replace(recipe(12), train_on={"cello": 2}, seeds=Seeds(public_domain_only=True))
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "card.json").write_text("of an older bundle")
    (tmp_path / "small" / "aims.yaml").write_text("keys: {most: 6}\n")
    card = companion.export.export(
        source(companion, trained[1], Corpus("solo", works, (), "by all", ()), told), tmp_path / "small"
    )
    assert (tmp_path / "small" / "CREDITS.txt").read_text() == f"cello/a: {shared}\n"
    assert card["licence"].startswith("CC BY-SA 4.0")
    assert (tmp_path / "small" / "aims.yaml").read_text() == "keys: {most: 6}\n"  # and may be changed
    assert "aims.yaml" not in card["files"]
    assert card["data"]["pieces"] == {"train": 1, "valid": 1, "test": 1}
    assert card["seeds"]["b"] == {
        "file": "seeds/b.mid",
        "title": "b, 4/4",
        "key": "F# major",
        "metre": "4/4",
        "credit": "Public Domain. Typeset by Ada",
    }
    assert len(card["seeds"]) == 1
    assert "Typeset by Ada" in (tmp_path / "LICENSES.md").read_text()


def test_music_beyond_the_layout_has_a_range_that_a_card_may_have(companion: Any) -> None:
    def sounding(*pitches: int) -> Piece:
        return Piece("piece", tuple(Event((pitch,), (), 24) for pitch in pitches), Grid())

    assert companion.export.playable_range([sounding(21, 60), sounding(108)]) == [features.LOWEST, features.HIGHEST]
    assert companion.export.playable_range([sounding(50, 60)]) == [50, 60]


def test_a_folder_that_is_no_bundle_is_never_replaced(companion: Any, tmp_path: Path) -> None:
    companion.export.check_target(tmp_path / "new")
    companion.export.check_target(tmp_path)  # empty
    (tmp_path / "thesis.tex").touch()
    for target in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(UsageError, match="is there and is no bundle"):
            companion.export.check_target(target)


def test_a_full_disk_leaves_the_old_bundle(companion: Any, trained: tuple[Path, Any], tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "card.json").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))  # no file may grow beyond; a graph does
    try:
        with pytest.raises(OSError, match="File too large"):
            companion.export.export(source(companion, trained[1], corpus(), recipe(12)), tmp_path / "small")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.rglob("*")] == ["small", "card.json"]
    assert (tmp_path / "small" / "card.json").read_text() == "old"


def test_baselines_stand_in_one_table_and_the_lstm_is_trained_once(
    companion: Any, trained: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bachd.training.baselines import lstm

    monkeypatch.setattr(lstm, "_SIZE", 1)
    monkeypatch.setattr(lstm, "_STEPS", 1)
    monkeypatch.setattr(lstm, "_ROUNDS", 1)
    found = companion.baselines.run(recipe(12), corpus(), trained[0])
    assert [name.partition(" (")[0] for name in found] == [
        "best n-gram",
        "unigram",
        companion.baselines.LSTM,
        "small, float",
    ]
    assert {row["events"] for row in found.values()} == {31}
    assert all({"event_nll", "pitch_event_nll", "pitch_event_accuracy"} <= row.keys() for row in found.values())
    monkeypatch.setattr(lstm, "measure", None)  # a second training would fail
    assert companion.baselines.run(recipe(12), corpus(), trained[0]) == found
    assert companion.baselines.kept(replace(recipe(12), rng=2), corpus(), trained[0]) == {}
    lines = companion.baselines.as_text(found).splitlines()
    assert len(lines) == 5
    assert "pitch event nll" in lines[0]
    assert np.ptp([len(line) for line in lines]) == 0


def test_the_graph_for_chords_comes_with_the_bundle_or_is_added_to_it(
    companion: Any, trained: tuple[Path, Any], tmp_path: Path
) -> None:
    from bachd.training.export import harmony

    music, network = corpus(), trained[1]
    target, told = tmp_path / "small", replace(recipe(12), harmony=3)
    companion.export.export(source(companion, network, music, told), target)
    graph = (target / HARMONY).read_bytes()
    named = Bundle.open(target).card.harmony
    assert named is not None
    assert (0, 3, 8) in named.chords  # G major under its third; what the pieces have, and nothing else
    assert assemble.chords(Bundle.open(target)) is not None
    assert edgetpu_compiler.violations(target) == []
    companion.export.export(source(companion, network, music, recipe(12)), target)
    assert not (target / HARMONY).exists()
    assert assemble.chords(Bundle.open(target)) is None
    trunk = (target / "trunk.tflite").read_bytes()
    harmony.add(told, b"name: new\n", music, target)
    assert Bundle.open(target).card.harmony == named
    assert (target / HARMONY).read_bytes() == graph
    assert (target / "trunk.tflite").read_bytes() == trunk
    assert (target / "train.yaml").read_bytes() == b"name: new\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
