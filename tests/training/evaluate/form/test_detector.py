from __future__ import annotations

from random import Random

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis.passage import Passage, passages
from bachd.training.evaluate.form import detector, figures

pytest.importorskip("sklearn", reason="needs the extra 'train'")


def music(count: int, lengths: tuple[str, ...], rng: Random) -> list[Passage]:
    """Pieces of random notes with some lengths."""
    lines = [" ".join(f"{rng.choice('CDEFGAB')}4:{rng.choice(lengths)}" for _ in range(80)) for _ in range(count)]
    return passages(Piece(f"piece{number}", parse_line(line), Grid()) for number, line in enumerate(lines))


def auc(one: list[Passage], other: list[Passage]) -> float | None:
    return detector.auc(
        one,
        other,
        (
            [figures.measure(each, figures.LINE) for each in one],
            [figures.measure(each, figures.LINE) for each in other],
        ),
    )


def test_what_has_another_rhythm_is_told_and_what_is_alike_is_not() -> None:
    rng = Random(1)
    bach = music(20, ("0.5", "1"), rng)
    told, alike = auc(music(20, ("1", "2"), rng), bach), auc(music(20, ("0.5", "1"), rng), bach)
    assert told is not None
    assert alike is not None
    assert told > 0.95
    assert 0.25 < alike < 0.75


def test_of_few_pieces_nothing_can_be_told() -> None:
    rng = Random(1)
    assert auc(music(3, ("1",), rng), music(20, ("1",), rng)) is None
    assert auc(music(20, ("1",), rng), []) is None
