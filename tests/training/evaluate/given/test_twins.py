from __future__ import annotations

from bachd.music.event import parse_line, print_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Work
from bachd.training.evaluate.given.twins import pairs


def work(name: str, line: str, group: str = "a tune") -> Work:
    return Work(Piece(name, parse_line(line), Grid()), group, "train")


def test_settings_of_one_tune_are_paired_at_one_pitch() -> None:
    one = work("one", "C3.C4 G3.D4 C3.C4")
    other = work("other", "A2.D4 A3.E4 D3.D4")
    assert [tuple(map(print_line, pair)) for pair in pairs([one, other])] == [
        ("C3.C4 G3.D4 C3.C4", "G2.C4 G3.D4 C3.C4")
    ]


def test_other_tunes_and_lengths_are_not() -> None:
    one = work("one", "C3.C4 G3.D4 C3.C4")
    assert not list(pairs([one, work("longer", "C3.C4 G3.D4 C3.C4:2")]))
    assert not list(pairs([one, work("another", "C3.C4 G3.A4 C3.D5")]))
    assert not list(pairs([one, work("of another group", "C3.C4 G3.D4 C3.C4", "b tune")]))
