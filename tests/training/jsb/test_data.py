from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.neural.features import CONTEXT
from bachd.training.corpus.model import CorpusError
from bachd.training.fit.dataset import EMPTY

jsb: Any = pytest.importorskip("bachd.training.jsb.data", reason="needs the extra 'train'", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

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


@pytest.mark.parametrize("shift", [-5, 0, 6])
@pytest.mark.parametrize("rows", [VOICED, FRAMES])
def test_what_is_decided_is_the_piece_itself(tmp_path: Path, rows: list[list[int]], shift: int) -> None:
    data = jsb.read(written(tmp_path, rows))
    (piece,) = data.splits["train"]
    encoded = jsb.encode(piece, data, shift, whole=True)
    said = encoded.symbols
    chords = [tuple(-1 if place == jsb.SILENCE else place + data.lowest - shift for place in row[:4]) for row in said]
    assert tuple(chords) == piece.chords
    if data.voiced:
        assert tuple(said[:, 4] - jsb.LASTING + 1) == piece.lengths
        assert jsb.encode(piece, data).symbols[-1, 4] == EMPTY
    assert len(encoded.rows) == len(piece.chords) + CONTEXT


def test_moving_a_piece_moves_what_is_seen_and_told(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, VOICED))
    higher = jsb.read(written(tmp_path, [[pitch + 3 if pitch >= 0 else -1 for pitch in row] for row in VOICED]))
    moved = jsb.encode(data.splits["train"][0], data, 3)
    same = jsb.encode(higher.splits["train"][0], higher, higher.lowest - data.lowest)
    for name in ("rows", "symbols", "notes"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(same, name))


def test_the_head_is_told_nothing_of_what_is_still_to_be_decided(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, VOICED))
    one = jsb.encode(data.splits["train"][0], data, whole=True)
    other = jsb.read(written(tmp_path, [*VOICED[:6], *[[66, 69, 57, 38]] * 9]))
    two = jsb.encode(other.splits["train"][0], data, whole=True)
    # The third chord differs from its tenor on, and only then.
    np.testing.assert_array_equal(one.notes[2, :3], two.notes[2, :3])
    np.testing.assert_array_equal(one.rows[: CONTEXT + 2], two.rows[: CONTEXT + 2])
    assert (one.notes[2, 3] != two.notes[2, 3]).any()
    assert (one.rows[CONTEXT + 2] != two.rows[CONTEXT + 2]).any()


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
