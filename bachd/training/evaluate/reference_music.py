"""Find the music that a bundle is compared with: its training music, and the held-out music."""

from __future__ import annotations

import logging
from pathlib import Path

from bachd.music.piece import Piece
from bachd.training import recipe
from bachd.training.corpus import sources
from bachd.training.corpus.model import Corpus, CorpusError

log = logging.getLogger(__name__)


def learned_from(source: str | None, folder: Path) -> tuple[list[Piece], str]:
    """Return the pieces of the kinds that a bundle learned from, as far as they can be found, and their label."""
    file = folder / recipe.FILE
    told = recipe.read(file) if file.is_file() else recipe.Recipe()
    if source is None and told.corpus is None:
        log.warning("no corpus, so nothing to compare with; give --corpus SOURCE")
        return [], ""
    music = sources.load(source or told.corpus or "")
    return [work.piece for work in music.within(tuple(told.fit_to(music).train_on)).works], music.label


def compared(source: str | None, folder: Path) -> tuple[Corpus | None, list[Piece]]:
    """Return the music to compare a bundle with, and its training music, if its folder or `source` names them."""
    file = folder / recipe.FILE
    told = recipe.read(file) if file.is_file() else recipe.Recipe()
    if source is None and told.corpus is None:
        return None, []
    try:
        music = sources.load(source or told.corpus or "")
    except CorpusError as error:
        if source is not None:
            raise
        log.warning("%s; going on without a corpus", error)
        return None, []
    told = told.fit_to(music)
    if told.use_all:
        log.warning("the bundle was trained on all of %s: nothing is held out to measure it on", music.name)
        return None, []
    return told.held_out_works(music), told.training_pieces(music)
