"""Learn the weights of `resting_points` from the fermatas of music21's chorales, and print them.

Law: chorales on one tune stand in one fold, so that no fermata is judged by a model that has seen its tune.

    python -m bachd.training.evaluate.analysis.fit_resting_points
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np

from bachd.music.event import TICKS
from bachd.music.metre import Grid, Metre
from bachd.music.notes import cut
from bachd.music.piece import Piece
from bachd.training.corpus import chorales, music21_scores
from bachd.training.evaluate.analysis import rest_traits
from bachd.training.evaluate.analysis.resting_points import LIKELY

_FEWEST = 3
"""Fermatas that a chorale has if its encoder wrote them down."""


def read(name: str) -> tuple[Piece, set[int]]:
    """A chorale of music21's corpus, and the ticks at which notes of its soprano with a fermata begin, but the last."""
    from music21 import corpus, expressions, stream

    score = corpus.parse(f"bach/{name}")
    parts = list(score.getElementsByClass(stream.Part))
    changes, upbeat = music21_scores.bars(parts[0])
    grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in changes), upbeat)
    piece = Piece(name, cut(note for part in parts for note in music21_scores.part_notes(part)[0]), grid)
    marked = [
        (_ticks(note.getOffsetInHierarchy(parts[0])), _ticks(note.quarterLength))
        for note in parts[0].recurse().notes
        if any(isinstance(sign, expressions.Fermata) for sign in note.expressions)
    ]
    return piece, {begin for begin, ticks in marked if begin + ticks < piece.ticks}


def main() -> None:
    """Read the chorales, fit, and print the weights and how well they do."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    works = chorales.load().works
    with ProcessPoolExecutor() as pool:
        pairs = list(pool.map(read, [work.piece.name for work in works], chunksize=4))
    rows: list[list[float]] = []
    is_end: list[bool] = []
    groups: list[str] = []
    for work, (piece, fermatas) in zip(works, pairs, strict=True):
        if len(fermatas) < _FEWEST:
            continue
        onsets = list(accumulate((event.ticks for event in piece.events), initial=0))
        for candidate in rest_traits.candidates(piece, onsets):
            names = list(found := rest_traits.traits(candidate))
            rows.append([float(value) for value in found.values()])
            is_end.append(candidate.tick in fermatas)
            groups.append(work.group)
    traits, ends = np.array(rows), np.array(is_end)
    model: Any = LogisticRegression(max_iter=5000, fit_intercept=False)
    judged = cross_val_predict(model, traits, ends, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    found_ends = judged > LIKELY
    right = (found_ends & ends).sum()
    lines = [f"precision {right / found_ends.sum():.3f}, recall {right / ends.sum():.3f} of {ends.sum()} fermatas"]
    lines += [
        f'    "{name}": {weight:.3f},' for name, weight in zip(names, model.fit(traits, ends).coef_[0], strict=True)
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _ticks(quarters: float | Fraction) -> int:
    return round(quarters * TICKS)


if __name__ == "__main__":
    main()
