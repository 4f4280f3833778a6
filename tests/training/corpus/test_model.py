from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, CorpusError, Work, drop_duplicates


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
