"""Load a corpus by the name of its source, and find the form of its pieces.

Law: where phrases end, fermatas decide if a score has some, else where the music rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bachd.errors import pip_install
from bachd.music.form import written
from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.training.corpus import chorales
from bachd.training.corpus.model import Corpus, CorpusError

CHORALES = chorales.NAME
"""The source that needs no folder: the chorales that music21 brings."""


def load(source: str | Path, cluster: str | None = None) -> Corpus:
    """Read 'chorales', those of music21, or a folder of music; the first time, parsing takes some minutes.

    cluster: the address of a Dask scheduler whose workers read a folder; without, the cores of this machine do. Raises
    CorpusError, with what to do, if there is nothing to learn from.
    """
    if source == CHORALES:
        return chorales.load()
    try:
        from bachd.training.corpus import folder
        from bachd.training.corpus.shards import readers
    except ModuleNotFoundError as error:
        raise CorpusError(f"{error.name} is missing; {pip_install('[train]')}") from error
    return folder.load(Path(source), readers.cluster(cluster) if cluster else readers.here)


def check(source: str | Path) -> None:
    """Raise CorpusError if `source` is neither 'chorales' nor a folder that holds music, without reading any."""
    if source != CHORALES:
        from bachd.training.corpus import folder

        folder.check(Path(source))


def phrase_ends(corpus: Corpus) -> Mapping[str, Sequence[int]]:
    """By name, the ticks at which phrases end, for the pieces of which that is known."""
    return chorales.fermatas() if corpus.name == chorales.NAME else {}


def forms(corpus: Corpus, pieces: Iterable[Piece]) -> dict[str, Form]:
    """The forms of some pieces of a corpus by their names."""
    known = phrase_ends(corpus)
    return {piece.name: written.of(piece, known.get(piece.name, ())) for piece in pieces}
