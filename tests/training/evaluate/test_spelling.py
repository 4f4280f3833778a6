from __future__ import annotations

from pathlib import Path

import pytest

from bachd.training import cli
from bachd.training.corpus import chorales
from bachd.training.evaluate import spelling

pytest.importorskip("music21")

KRN = """**kern\t**kern
*M4/4\t*M4/4
=1\t=1
{}
=2\t=2
4BB-\t4b-
4F\t4a
2BB-\t2b-
==\t==
*-\t*-
"""
"""B flat major in two voices, with a first bar to fill in."""


def score(folder: Path, name: str, split: str, bar: str = "4BB-\t4dd\n4E-\t4g\n4F\t4cc\n4BB-\t4b-") -> None:
    """Write a score, and its side of the split."""
    (folder / f"{name}.krn").write_text(KRN.format(bar))
    manifest = folder / "MANIFEST.csv"
    if not manifest.exists():
        manifest.write_text("file,bwv,split\n")
    with manifest.open("a") as rows:
        rows.write(f"{name}.krn,{name},{split}\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of three scores; the held-out one has a D sharp where everybody writes E flat."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = tmp_path / "music"
    home.mkdir()
    score(home, "one", "train")
    score(home, "two", "valid", "4BB-\t4b-\n4E-\t4b-\n4F\t4cc\n4BB-\t4dd")
    score(home, "three", "test", "4BB-\t4dd\n4D#\t4g\n4F\t4ee-\n4BB-\t4dd")
    return home


def test_names_are_compared_with_those_of_held_out_scores(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "--spelling", "--corpus", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "13 of 14 notes (92.86%) in 1 works have their encoder's names",
        "  three: 1 of 14 differ",
    ]


def test_mid_files_have_no_names_to_compare_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "three.krn").unlink()
    manifest = folder / "MANIFEST.csv"
    manifest.write_text(manifest.read_text().replace("two.krn,two,valid\n", ""))
    assert cli.main(["evaluate", "--spelling", "--corpus", str(folder)]) != 0
    assert "bachd-train: " in capsys.readouterr().err


def test_chorales_are_spelled_as_their_encoders_do() -> None:
    files = {file.stem: file for file in chorales.paths()}
    found = [
        spelling.compare(name, spelling.names_in(files[name])) for name in ("bwv269", "bwv361", "bwv2.6", "bwv371")
    ]
    assert sum(each.right for each in found) >= 0.99 * sum(each.notes for each in found)
    assert sum(each.notes for each in found) > 1000
