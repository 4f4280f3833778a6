from __future__ import annotations

import json
import shutil
from pathlib import Path

from bachd.neural.bundle.bundle import Bundle
from bachd.training.corpus.model import Corpus
from bachd.training.export import refresh
from bachd.training.recipe import Recipe, Seeds
from tests.training.small import work

MODELS = Path(__file__).parents[3] / "models"


def test_a_bundle_has_the_seeds_the_sampling_and_the_sound_of_its_recipe_and_its_own_graphs(tmp_path: Path) -> None:
    target = tmp_path / "models" / "cello"
    shutil.copytree(MODELS / "cello", target)
    music = Corpus("small", (work("a", "train", 0, ""), work("b", "train", 0, "")), (), "", ())
    recipe = Recipe(name="cello", program=41, seeds=Seeds(first=("b", "a")), form={"returns": 0.5})
    refresh.refresh(recipe, b"name: cello\n", music, target)
    card = json.loads((target / "card.json").read_text())
    assert card["program"] == 41
    assert list(card["seeds"]) == ["a", "b"]
    assert card["form"]["returns"] == 0.5
    assert (target / "train.yaml").read_text() == "name: cello\n"
    assert (target / "trunk.tflite").read_bytes() == (MODELS / "cello" / "trunk.tflite").read_bytes()
    assert Bundle.open(target).seed_names == ("a", "b")
