"""Load a corpus by the name of its source."""

from __future__ import annotations

from pathlib import Path

from bachd.training.corpus import chorales, folder
from bachd.training.corpus.model import Corpus

CHORALES = chorales.NAME
"""The source that needs no folder: the chorales that music21 brings."""


def load(source: str | Path) -> Corpus:
    """Read 'chorales', those of music21, or a folder of music; the first time, parsing takes some minutes.

    Raises CorpusError, with what to do, if there is nothing to learn from.
    """
    return chorales.load() if source == CHORALES else folder.load(Path(source))


def check(source: str | Path) -> None:
    """Raise CorpusError if `source` is neither 'chorales' nor a folder that holds music, without reading any."""
    if source != CHORALES:
        folder.check(Path(source))
