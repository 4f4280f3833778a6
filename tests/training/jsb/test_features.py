from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.neural.features import CONTEXT
from bachd.training.fit.dataset import EMPTY
from bachd.training.jsb import data as jsb

features: Any = pytest.importorskip(
    "bachd.training.jsb.features", reason="needs the extra 'train'", exc_type=ImportError
)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

VOICED = [[67, 62, 59, 43]] * 4 + [[67, 62, -1, 43]] * 2 + [[66, 69, 62, 50]] * 35
FRAMES = [[43, 59, 62, 67], [], [50, 66], [50, 66]]


def written(folder: Path, piece: list[list[int]]) -> Path:
    path = folder / "file.json"
    path.write_text(json.dumps({"train": [piece], "valid": [piece], "test": [piece, piece]}))
    return path


@pytest.mark.parametrize("shift", [-5, 0, 6])
@pytest.mark.parametrize("rows", [VOICED, FRAMES])
def test_what_is_decided_is_the_piece_itself(tmp_path: Path, rows: list[list[int]], shift: int) -> None:
    data = jsb.read(written(tmp_path, rows))
    (piece,) = data.splits["train"]
    encoded = features.encode(piece, data, shift, whole=True)
    said = encoded.symbols
    chords = [
        tuple(-1 if place == features.SILENCE else place + data.lowest - shift for place in row[:4]) for row in said
    ]
    assert tuple(chords) == piece.chords
    if data.voiced:
        assert tuple(said[:, 4] - features.LASTING + 1) == piece.lengths
        assert features.encode(piece, data).symbols[-1, 4] == EMPTY
    assert len(encoded.rows) == len(piece.chords) + CONTEXT


def test_moving_a_piece_moves_what_is_seen_and_told(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, VOICED))
    higher = jsb.read(written(tmp_path, [[pitch + 3 if pitch >= 0 else -1 for pitch in row] for row in VOICED]))
    moved = features.encode(data.splits["train"][0], data, 3)
    same = features.encode(higher.splits["train"][0], higher, higher.lowest - data.lowest)
    for name in ("rows", "symbols", "notes"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(same, name))


def test_the_head_is_told_nothing_of_what_is_still_to_be_decided(tmp_path: Path) -> None:
    data = jsb.read(written(tmp_path, VOICED))
    one = features.encode(data.splits["train"][0], data, whole=True)
    other = jsb.read(written(tmp_path, [*VOICED[:6], *[[66, 69, 57, 38]] * 9]))
    two = features.encode(other.splits["train"][0], data, whole=True)
    # The third chord differs from its tenor on, and only then.
    np.testing.assert_array_equal(one.notes[2, :3], two.notes[2, :3])
    np.testing.assert_array_equal(one.rows[: CONTEXT + 2], two.rows[: CONTEXT + 2])
    assert (one.notes[2, 3] != two.notes[2, 3]).any()
    assert (one.rows[CONTEXT + 2] != two.rows[CONTEXT + 2]).any()


def test_what_came_before_is_proposed_until_it_is_contradicted(tmp_path: Path) -> None:
    first, second, other = [67, 62, 59, 43], [66, 62, 57, 50], [66, 61, 57, 50]
    data = jsb.read(written(tmp_path, [first] * 4 + [second] * 2 + [first] * 4 + [other] * 3 + [first] * 4))
    notes = features.encode(data.splits["train"][0], data, 2, whole=True).notes
    proposed, matched = notes[..., features.PROPOSED :], notes[..., features.MATCH : features.MATCH + 8]
    assert not proposed[:3].any()
    # After the first chord again the second is proposed, until the alto is another one.
    assert proposed[3].sum(axis=1).tolist() == [1, 1, 0, 0, 0]
    assert matched[3, :, 0].tolist() == [1, 1, 0, 0, 0]
    assert proposed[3, 0, 66 - data.lowest + 2] == 1
    assert not proposed[4].any()  # nothing followed a chord like the one before


def test_a_repeated_chord_is_proposed_with_its_length(tmp_path: Path) -> None:
    phrase = [[67, 62, 59, 43]] * 4 + [[66, 62, 57, 50]] * 2
    data = jsb.read(written(tmp_path, phrase * 2))
    proposed = features.encode(data.splits["train"][0], data, whole=True).notes[3, :, features.PROPOSED :]
    assert proposed.sum(axis=1).tolist() == [1] * 5
    assert proposed[4, features.LASTING + 1] == 1
