from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from bachd.training import cli


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "VERB"),
        (["fit", "--epochs", "0"], "0 is no whole number"),
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
    assert cli.main(["fit"]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensorflow is missing" in line
    assert "'.[train]'" in line


def test_scores_print_as_json() -> None:
    from bachd.training.score import Score

    assert json.loads(json.dumps(Score(4.42106, 0.7, 0.8, 12).rounded())) == {
        "event_nll": 4.4211,
        "note_accuracy": 0.7,
        "length_accuracy": 0.8,
        "events": 12,
    }
