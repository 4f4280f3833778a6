from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, CorpusError, Work, drawn, drop_duplicates


def corpus(*names: str) -> Corpus:
    works = tuple(Work(Piece(name, parse_line("C4"), Grid()), name, "train") for name in names)
    return Corpus("solo", works, (), "", ())


def test_a_corpus_can_be_taken_folder_by_folder() -> None:
    whole = corpus("cello/a", "cello2/b", "flute/c", "d")
    assert whole.within(()) is whole
    assert [piece.name for piece in whole.within(["cello/"]).pieces("train")] == ["cello/a"]
    assert [piece.name for piece in whole.within(["flute", "cello"]).pieces("train")] == ["cello/a", "flute/c"]
    with pytest.raises(CorpusError, match="no folder organ/; it has cello/, cello2/, flute/"):
        whole.within(["cello/", "organ/"])


def test_music_that_is_there_twice_is_heard_once() -> None:
    def work(name: str, events: str) -> Work:
        return Work(Piece(name, parse_line(events), Grid()), "a", "train")

    given = [work("a", "C4 D4"), work("b", "C4"), work("a", "E4"), work("c", "C4 D4")]
    kept, dropped = drop_duplicates(given)
    assert [one.piece.name for one in kept] == ["a", "b"]
    assert dropped == (("a", "is there twice"), ("c", "has the notes of a"))


def test_of_many_pieces_some_are_drawn_the_same_ones_every_time_and_of_few_all() -> None:
    pieces = [Piece(f"{number:03}", parse_line("C4 D4 E4"), Grid()) for number in range(200)]
    assert drawn(pieces, 600) == pieces
    some = drawn(pieces, 100)
    assert len(some) == 34
    assert some == sorted(some, key=lambda piece: piece.name) == drawn(pieces, 100)
    assert {int(piece.name) // 50 for piece in some} == {0, 1, 2, 3}
    assert set(some) < set(drawn(pieces[::-1], 200))
