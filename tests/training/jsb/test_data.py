from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bachd.training.corpus.model import CorpusError

jsb: Any = pytest.importorskip("bachd.training.jsb.data")

VOICED = [[67, 62, 59, 43]] * 4 + [[67, 62, -1, 43]] * 2 + [[66, 69, 62, 50]] * 35
FRAMES = [[43, 59, 62, 67], [], [50, 66], [50, 66]]


def written(folder: Path, piece: list[list[int]], **splits: Any) -> Path:
    path = folder / "file.json"
    path.write_text(json.dumps({"train": [piece], "valid": [piece], "test": [piece, piece], **splits}))
    return path


def test_rows_with_voices_are_chords_and_how_long_they_last(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, VOICED))
    (piece,) = data.splits["train"]
    assert data.voiced
    assert piece.chords == ((67, 62, 59, 43), (67, 62, -1, 43), (66, 69, 62, 50), (66, 69, 62, 50))
    assert piece.lengths == (4, 2, 32, 3)
    assert data.units("test") == 2 * 41 * 4


def test_frames_are_sets_from_the_top_down_with_silence_below(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, FRAMES))
    (piece,) = data.splits["train"]
    assert not data.voiced
    assert piece.chords == ((67, 62, 59, 43), (-1, -1, -1, -1), (66, 50, -1, -1), (66, 50, -1, -1))
    assert data.units("test") == 8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"train": []}',
        '{"train": [[[60, "x"]]], "valid": [[[60]]], "test": [[[60]]]}',
        '{"train": [[[60.5]]], "valid": [[[60]]], "test": [[[60]]]}',
        '{"train": [[[60]]], "valid": [], "test": [[[60]]]}',
        '{"train": [[[20, 100]]], "valid": [[[60]]], "test": [[[60]]]}',
        '{"train": [[[60, 61, 62, 63, 64]]], "valid": [[[60]]], "test": [[[60]]]}',
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"other\.json") as caught:
        jsb.read(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere\.json: cannot be read"):
        jsb.read(tmp_path / "nowhere.json")
