"""A run's folder belongs to one recipe."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bachd.errors import UsageError
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.disk import DiskError
from bachd.training.fit import run_folder
from bachd.training.old_names import RENAMED
from tests.training.full_disk import no_file_beyond
from tests.training.small import recipe


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run that has a checkpoint."""
    run_folder.claim(tmp_path, recipe(2))
    (tmp_path / run_folder.STATE).touch()
    return tmp_path


def test_the_same_recipe_goes_on(run: Path) -> None:
    before = (run / "recipe.json").read_bytes()
    run_folder.claim(run, replace(recipe(2), name="other", description="what only the bundle says"))
    assert (run / "recipe.json").read_bytes() == before


def test_another_recipe_is_refused_with_what_differs(run: Path) -> None:
    with pytest.raises(UsageError, match=r"another recipe \(width: 16 there, 32 here\); remove it"):
        run_folder.claim(run, replace(recipe(2), width=32))
    with pytest.raises(UsageError, match=r"\(epochs: 2 there, 40 here\); a run cannot be lengthened.*--work"):
        run_folder.claim(run, recipe(40))
    with pytest.raises(UsageError, match=r"another recipe \(width: 16 there, 32 here\); write that into train\.yaml"):
        run_folder.recipe_of(run, replace(recipe(2), width=32))


def test_the_epochs_are_those_that_the_run_was_started_with(run: Path) -> None:
    assert run_folder.recipe_of(run, recipe(99)) == recipe(2)


def test_a_folder_without_a_network_is_said_to_be_one(tmp_path: Path) -> None:
    for prepare in (tmp_path.mkdir, lambda **_: run_folder.claim(tmp_path, recipe(1))):
        prepare(exist_ok=True)
        with pytest.raises(UsageError, match="no trained network; run 'bachd-train fit' first"):
            run_folder.recipe_of(tmp_path, recipe(1))


def test_the_run_of_an_older_version_goes_on_under_its_names(run: Path) -> None:
    file = run / "recipe.json"
    old = {new: name for name, new in RENAMED.items()}
    told = {old.get(key, key): value for key, value in json.loads(file.read_text()).items() if key != "use_all"}
    assert "hear" in told
    file.write_text(json.dumps(told))
    run_folder.claim(run, recipe(2))
    assert run_folder.recipe_of(run, recipe(2)) == recipe(2)


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"', "{}", '{"epochs": "many"}', "\udcff"])
def test_a_damaged_recipe_is_said_in_one_line(run: Path, damage: str) -> None:
    (run / "recipe.json").write_text(damage, errors="surrogateescape")
    for ask in (run_folder.claim, run_folder.recipe_of):
        with pytest.raises(UsageError, match=r"recipe\.json.*damaged.*--work") as refused:
            ask(run, recipe(2))
        assert "\n" not in str(refused.value)


def music(*names: str, up: int = 0) -> list[Piece]:
    return [Piece(name, (Event((60 + up + len(name),), (), 24),), Grid()) for name in names]


def test_a_run_keeps_the_music_that_it_began_with(run: Path) -> None:
    first = run_folder.claim_music(run, "train", music("a", "b", "c"), {})
    assert run_folder.claim_music(run, "train", music("a", "b", "c"), {}) == first
    run_folder.claim_music(run, "valid", music("d"), {})
    with pytest.raises(UsageError, match=r"pieces to train on: 1 new \(d\), 2 gone \(a\); .*--work") as fault:
        run_folder.claim_music(run, "train", music("c", "d"), {})
    assert str(run) in str(fault.value)
    with pytest.raises(UsageError, match=r"pieces to train on: 3 changed \(a\)"):
        run_folder.claim_music(run, "train", music("a", "b", "c", up=1), {})
    with pytest.raises(UsageError, match=r"pieces to choose by: 1 changed \(d\)"):
        run_folder.claim_music(run, "valid", music("d"), {"d": [24]})
    assert run_folder.claim_music(run, "train", music("a", "b", "c"), {}) == first, "what was refused changed nothing"


def test_other_music_than_a_run_has_learned_is_refused_where_its_network_is_used(run: Path) -> None:
    had = {"train": music("a", "b"), "valid": music("d")}
    run_folder.require_music(run, had, {})
    assert not list(run.glob("*-pieces.json")), "a run that did not write down its music may have had this"
    for side, pieces in had.items():
        run_folder.claim_music(run, side, pieces, {})
    run_folder.require_music(run, had, {})
    with pytest.raises(UsageError, match=rf"the run in {run} began, pieces to choose by: 1 new \(e\); .*--work"):
        run_folder.require_music(run, had | {"valid": music("d", "e")}, {})
    with pytest.raises(UsageError, match=r"pieces to train on: 1 gone \(b\)"):
        run_folder.require_music(run, had | {"train": music("a")}, {})


def test_a_full_disk_is_named_and_leaves_nothing_half(tmp_path: Path, run: Path) -> None:
    before = sorted(run.iterdir())
    with no_file_beyond(5):
        with pytest.raises(DiskError, match=f"{tmp_path}/new/recipe.json: cannot be written .*make room") as fault:
            run_folder.claim(tmp_path / "new", recipe(2))
        with pytest.raises(DiskError, match=f"{run}/train-pieces.json: cannot be written"):
            run_folder.claim_music(run, "train", music("a"), {})
    assert "\n" not in str(fault.value)
    assert not list((tmp_path / "new").iterdir())
    assert sorted(each for each in run.iterdir() if each.name != "new") == before
