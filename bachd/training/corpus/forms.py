"""The forms of a corpus's pieces: where their phrases end, and in which keys.

Law: fermatas decide where a score has some, else where the music rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bachd.music.form import written
from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.training.corpus import chorales
from bachd.training.corpus.model import Corpus


def ends(corpus: Corpus) -> Mapping[str, Sequence[int]]:
    """By name, the ticks at which phrases end, for the pieces of which that is known."""
    return chorales.fermatas() if corpus.name == chorales.NAME else {}


def of(corpus: Corpus, pieces: Iterable[Piece]) -> dict[str, Form]:
    """The forms of some pieces of a corpus by their names."""
    known = ends(corpus)
    return {piece.name: written.of(piece, known.get(piece.name, ())) for piece in pieces}
