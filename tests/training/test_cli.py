from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from bachd.training import cli


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "VERB"),
        (["fit"], "RECIPE.yaml"),
        (["fit", "train.yaml", "--epochs", "0"], "0 is no whole number"),
        (["evaluate", "--events", "many"], "many is no whole number"),
        (["train"], "invalid choice: 'train'"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert "--help" in line


def test_what_is_missing_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec

    def without_tensorflow(name: str, *rest: Any) -> Any:
        return None if name == "tensorflow" else object() if name in ("music21", "tqdm") else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without_tensorflow)
    assert cli.main(["fit", "train.yaml"]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensorflow is missing" in line
    assert "'.[train]'" in line


def test_the_faults_of_a_recipe_are_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    recipe = tmp_path / "train.yaml"
    recipe.write_text("epochs: 0\nwidth: -1\n")
    assert cli.main(["fit", str(recipe)]) == 78
    assert [line.split(":")[1:3] for line in capsys.readouterr().err.splitlines()] == [
        ["1", " epochs"],
        ["2", " width"],
    ]
    recipe.write_text("epochs: 1\n")
    assert cli.main(["fit", str(recipe)]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "--corpus FOLDER" in line


def test_scores_print_as_json() -> None:
    from bachd.training.score import Score

    assert json.loads(json.dumps(Score(4.42106, 0.7, 0.8, 12).rounded())) == {
        "event_nll": 4.4211,
        "note_accuracy": 0.7,
        "length_accuracy": 0.8,
        "events": 12,
    }
