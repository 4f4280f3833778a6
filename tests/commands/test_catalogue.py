"""Models and pieces, listed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bachd.commands.cli import main
from bachd.neural.bundle import bundle


def test_models_and_pieces_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "chorales  Four-part chorales after J. S. Bach (32 pieces)"
    assert main(["pieces", "--model", "cello"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert "bwv1007-prelude" in listed[3]
    assert listed[3].split(maxsplit=6)[1:] == ["G", "major", "4/4", "42", "bars", "Cello Suite No. 1, Prelude"]
    assert main(["pieces", "--json"]) == 0
    assert {"name", "title", "key", "metre", "bars"} == set(json.loads(capsys.readouterr().out)[0])
    assert main(["models", "--json"]) == 0
    assert [model["name"] for model in json.loads(capsys.readouterr().out)] == ["cello", "chorales", "keyboard"]
    assert main(["pieces", "--model", "chorale"]) == 69
    assert "did you mean 'chorales'?" in capsys.readouterr().err


def test_bundles_of_ones_own_are_models_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for path in (near / "bundles/mine", near / "beside", far / "named", far / "broken"):
        shutil.copytree(bundle.folder("cello"), path)
    (far / "broken/card.json").write_text("{")
    (near / "config.yaml").write_text(f"model: {far}/named\n")
    monkeypatch.chdir(near)
    assert main(["models"]) == 0
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    named = {"./beside", "./bundles/mine", f"{far}/broken", f"{far}/named"}
    assert listed.keys() == {"cello", "chorales", "keyboard"} | named
    assert listed["./bundles/mine"] == listed["cello"]
    assert listed[f"{far}/broken"].startswith(f"cannot be used: {far}/broken/card.json: is not JSON")
    (near / "config.yaml").write_text("model: ./bundles/mine\ntempo: 1200\n")  # `bachd check` says that
    assert main(["models", "--config", str(near / "config.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[-1]["name"] == "./bundles/mine"


def test_pieces_are_searched_by_title_and_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pieces", "wachet", "auf"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("bwv140.7")
    assert line.endswith("Wachet auf, ruft uns die Stimme")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("--model cello beatles", "no piece of 'cello' fits 'beatles'; 'bachd pieces --model cello' lists them"),
        ("cello", "no piece of 'chorales' fits 'cello'; 'bachd pieces --model cello' lists the pieces of that model"),
        ("chorales", "no piece of 'chorales' fits 'chorales'; 'bachd pieces --model chorales' lists the pieces of"),
        ("bwv 1007 gigue", "no piece of 'chorales' fits 'bwv 1007 gigue'; model 'cello' has 1: add --model cello"),
    ],
)
def test_a_search_without_success_says_where_to_look(words: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pieces", *words.split()]) == 64
    assert capsys.readouterr().err.startswith(f"bachd: {what}")
