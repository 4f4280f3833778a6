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


def judge(one: list[Passage], other: list[Passage]) -> detector.Judgement | None:
    return detector.judge(
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
    told, alike = judge(music(20, ("1", "2"), rng), bach), judge(music(20, ("0.5", "1"), rng), bach)
    assert told is not None
    assert alike is not None
    assert told.auc > 0.95
    assert 0.25 < alike.auc < 0.75
    telling = {trait.name: trait for trait in told.traits}["events of 2 quarters"]
    assert telling.composed > 0.3
    assert telling.written == 0
    assert telling.alone == 1


def test_of_few_pieces_nothing_can_be_told() -> None:
    rng = Random(1)
    assert judge(music(3, ("1",), rng), music(20, ("1",), rng)) is None
    assert judge(music(20, ("1",), rng), []) is None
