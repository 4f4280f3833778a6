from __future__ import annotations

import pytest

from bachd.neural.bundle.bundle import Bundle
from bachd.service.pieces import catalogue
from bachd.service.pieces.titles import full, title


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("bwv140.7", "Wachet auf, ruft uns die Stimme"),
        ("BWV269", "Aus meines Herzens Grunde"),
        ("bwv1007-prelude", "Cello Suite No. 1, Prelude"),
        ("bwv1010-bourree-2", "Cello Suite No. 4, Bourrée 2"),
        ("bwv772-invention-01", "Invention No. 1"),
        ("bwv801-sinfonia-15", "Sinfonia No. 15"),
        ("bwv856-fugue", "The Well-Tempered Clavier, Book I, No. 11, Fugue"),
        ("bwv893", "The Well-Tempered Clavier, Book II, No. 24"),
        ("bwv816-gigue", "French Suite No. 5, Gigue"),
        ("bwv829-tempo-di-minuetta", "Partita No. 5, Tempo di Minuetta"),
        ("bwv933-little-prelude", "Little Prelude No. 1"),
        ("bwv971-andante", "Italian Concerto, Andante"),
        ("bwv988-var-07", "Goldberg Variations, Variation 7"),
        ("bwv996-bourree", "Lute Suite in E minor, Bourrée"),
        ("bwv1004-ciaccona", "Violin Partita No. 2, Ciaccona"),
        ("bwv9999", ""),
        ("mysong-1a2b3c4d", ""),
        ("", ""),
    ],
)
def test_pieces_are_called_as_music_lovers_know_them(name: str, known: str) -> None:
    assert title(name) == known


def test_a_score_says_title_and_number() -> None:
    assert full("bwv140.7") == "Wachet auf, ruft uns die Stimme (BWV 140.7)"
    assert full("mine") == "mine"


@pytest.mark.parametrize("model", ["chorales", "cello", "keyboard"])
def test_every_seed_piece_has_a_title(model: str) -> None:
    assert all(title(name) for name in Bundle.open(model).seed_names)


def test_a_search_wants_every_word_in_whatever_case_and_accents() -> None:
    pieces = catalogue.pieces("chorales")
    assert [piece.name for piece in catalogue.matching(pieces, "WACHET stimme")] == ["bwv140.7"]
    assert [piece.name for piece in catalogue.matching(pieces, "hochstes gut")] == ["bwv113.8"]
    assert [piece.name for piece in catalogue.matching(pieces, "BWV 140.7")] == ["bwv140.7"]
    minor = catalogue.matching(pieces, "minor 3/2")
    assert minor
    assert all(piece.key.endswith("minor") and piece.metre == "3/2" for piece in minor)
    assert catalogue.matching(pieces, "wachet beatles") == []
    assert catalogue.matching(pieces, "") == pieces
