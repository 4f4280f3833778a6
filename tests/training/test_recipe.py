from __future__ import annotations

import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from bachd.errors import ConfigError
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import read_card
from bachd.training import recipe
from bachd.training.corpus.model import SPLITS, Corpus, CorpusError, Work
from bachd.training.old_names import RENAMED
from bachd.training.recipe import Recipe, Seeds
from bachd.yamlfile.keys import keys

PATH = Path("train.yaml")


def test_an_empty_file_is_the_usual_recipe() -> None:
    assert recipe.parse("", PATH) == Recipe()


def test_every_key_is_read() -> None:
    text = """
name: cello
description: Suites
corpus: chorales
train_on: {cello: 3, violin/solo: 1}
hold_out: [cello]
width: 64
hidden: 96
dilations: [1, 2, 4, 32]
dropout: 0.3
epochs: 5
crop_length: 64
batch_size: 4
learning_rate: 0.001
weight_decay: 0.1
ema_decay: 0.9
logit_penalty: 0
label_smoothing: 0.05
transpose: [-3, 0]
rng: 7
seeds: {count: 5, first: [a, b], public_domain_only: true}
"""
    assert recipe.parse(text, PATH) == Recipe(
        name="cello",
        description="Suites",
        corpus="chorales",
        train_on={"cello": 3, "violin/solo": 1},
        hold_out=("cello",),
        width=64,
        hidden=96,
        dilations=(1, 2, 4, 32),
        dropout=0.3,
        epochs=5,
        crop_length=64,
        batch_size=4,
        learning_rate=0.001,
        weight_decay=0.1,
        ema_decay=0.9,
        logit_penalty=0.0,
        label_smoothing=0.05,
        transpose=(-3, 0),
        rng=7,
        seeds=Seeds(5, ("a", "b"), public_domain_only=True),
    )


def test_as_many_seeds_as_there_may_be_can_be_named() -> None:
    names = tuple(f"suites/bwv{number}" for number in range(60))
    assert recipe.parse(f"seeds: {{first: [{', '.join(names)}]}}", PATH).seeds.first == names


def test_keys_of_older_recipes_are_read_with_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    old = """
hear: {cello: 3}
hold: [cello]
hide: 0.1
crop: 64
size: 4
peak: 0.001
decay: 0.1
average: 0.9
restraint: 0
smoothing: 0.05
"""
    assert recipe.parse(old, PATH) == Recipe(
        train_on={"cello": 3},
        hold_out=("cello",),
        context_dropout=0.1,
        crop_length=64,
        batch_size=4,
        learning_rate=0.001,
        weight_decay=0.1,
        ema_decay=0.9,
        logit_penalty=0.0,
        label_smoothing=0.05,
    )
    assert len(caplog.messages) == len(RENAMED) == 10
    assert caplog.messages[0] == "train.yaml:2: 'hear' is called 'train_on' now: rename it"
    with pytest.raises(ConfigError, match=r"^train\.yaml:2: learning_rate: is set in line 1 already"):
        recipe.parse("peak: 0.1\nlearning_rate: 0.1\n", PATH)


def test_the_table_of_keys_names_every_key_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs" / "own-music.md").read_text()
    rows = dict(re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", text, re.MULTILINE))
    usual = asdict(Recipe())
    nested = {f"{name}.{key}": value for name in ("seeds", "sampling") for key, value in usual.pop(name).items()}
    assert rows.keys() == (usual | nested).keys()
    for key, value in (usual | nested).items():
        read = yaml.safe_load(rows[key].strip().strip("`"))
        assert read == (list(value) if isinstance(value, tuple) else value), key


def corpus_of(*names: str) -> Corpus:
    works = [
        Work(Piece(name, parse_line("C4 D4"), Grid()), name, split) for name, split in zip(names, SPLITS, strict=True)
    ]
    return Corpus("mine", tuple(works), (), "", ())


def test_in_a_plain_folder_a_recipe_with_folders_trains_on_everything(caplog: pytest.LogCaptureFixture) -> None:
    plain, told = (
        corpus_of("a", "b", "c"),
        Recipe(train_on={"cello": 2}, hold_out=("cello",), seeds=Seeds(first=("cello/x", "a"))),
    )
    found = told.fit_to(plain)
    assert (found.train_on, found.hold_out, found.seeds.first) == ({}, (), ("a",))
    assert caplog.messages == ["mine has no folder cello: training on everything in it"]
    found.require(plain)
    with_folder = corpus_of("cello/a", "b", "c")
    assert told.fit_to(with_folder) is told


def test_all_of_it_can_be_trained_on() -> None:
    music = corpus_of("a", "b", "c")
    assert [piece.name for piece in Recipe(use_all=True).training_pieces(music)] == ["a", "b", "c"]
    alone = Corpus("mine", music.works[:1], (), "", ())
    Recipe(use_all=True).require(alone)
    with pytest.raises(CorpusError, match="nothing to choose by"):
        Recipe().require(alone)


def test_all_faults_are_told_at_once_with_their_lines() -> None:
    text = f"""\
name: The Cello
widht: 64
epochs: 0
dilations: [1, 2, 4]
transpose: [1, 6]
hidden: {features.NOTES}
hear:
  cello: 3
  violin: often
  cello: 1
seeds:
  public_domain_only: perhaps
"""
    with pytest.raises(ConfigError) as caught:
        recipe.parse(text, PATH)
    assert str(caught.value).splitlines() == [
        "train.yaml:1: name: 'The Cello' is not a name for a folder; use small letters, digits, '-' and '_'",
        "train.yaml:2: widht: no such key; did you mean 'width'?",
        "train.yaml:3: epochs: 0 is not between 1 and 100000",
        "train.yaml:4: dilations: they add up to 7 and must to 39, to see the context",
        "train.yaml:5: transpose: write how far down and how far up, 0 between them: [-5, 6]",
        f"train.yaml:6: hidden: {features.NOTES} is the width of the notes, and the head distinguishes its inputs by "
        "their widths",
        "train.yaml:9: train_on.violin: 'often' is not a whole number",
        "train.yaml:10: train_on.cello: is set in line 8 already; keep one of them",
        "train.yaml:12: seeds.public_domain_only: 'perhaps' is neither true nor false",
    ]


@pytest.mark.parametrize("text", ["- 1", "width: {:}:", "train_on: 3", "train_on: [cello]", "seeds: yes"])
def test_what_is_no_recipe_is_told_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^train\.yaml:1: "):
        recipe.parse(text, PATH)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nothing\.yaml: there is no such file; give a recipe such as models/chorales/train\.yaml"
    ):
        recipe.read(tmp_path / "nothing.yaml")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train.yaml")
    with pytest.raises(ConfigError, match=r"train\.yaml: cannot be read: is a pipe, socket or device"):
        recipe.read(tmp_path / "train.yaml")


def test_every_key_is_explained() -> None:
    assert all(key.help for key in keys(Recipe) if key.kind)


def test_the_bundles_that_came_with_bachd_say_how_they_were_made() -> None:
    for name in bundle.names():
        folder = bundle.folder(name)
        assert recipe.FILE in read_card(folder).files
        assert recipe.read(folder / recipe.FILE).name == name


def test_folders_are_heard_as_often_as_the_recipe_says_and_others_not() -> None:
    def work(name: str, split: str) -> Work:
        return Work(Piece(name, parse_line("C4 D4"), Grid()), name, split)

    rows = [
        ("cello/a", "train"),
        ("cello/b", "test"),
        ("violin/a", "train"),
        ("violin/b", "valid"),
        ("organ/a", "train"),
    ]
    corpus = Corpus("solo", tuple(work(*row) for row in rows), (), "", ())

    def names(read: Recipe) -> list[str]:
        return [piece.name for piece in read.training_pieces(corpus)]

    assert names(Recipe()) == ["cello/a", "violin/a", "organ/a"]
    both = Recipe(train_on={"cello": 2, "violin": 1})
    assert names(both) == ["cello/a", "cello/a", "violin/a"]
    assert [work.piece.name for work in both.held_out_works(corpus).works if work.split != "train"] == [
        "cello/b",
        "violin/b",
    ]
    only = Recipe(train_on={"cello": 2, "violin": 1}, hold_out=("cello",)).held_out_works(corpus)
    assert [piece.name for piece in only.pieces("valid")] == []
    with pytest.raises(CorpusError, match="nothing to choose by in cello; see train_on and hold_out"):
        Recipe(train_on={"cello": 1}).require(corpus)
    both.require(corpus)
    with pytest.raises(CorpusError, match="flute/"):
        names(Recipe(train_on={"flute": 1}))
