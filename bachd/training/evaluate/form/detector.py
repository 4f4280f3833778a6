"""Train a random forest to distinguish a bundle's pieces from Bach's, by some ninety figures of each piece.

Law: no piece is judged by a forest that has seen it, or another one on the same seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis import keys
from bachd.training.evaluate.analysis.passage import Floats, Passage
from bachd.training.evaluate.form.four_parts import Ratio

FOLDS: Final = 5
_TREES: Final = 300
_UNFAIR: Final = ("cut_off", "ends_on_seed_bass")
"""Figures that Bach's pieces have by definition."""
_REACH: Final = 9
"""Semitones up and down of the steps of a line that are counted one by one."""
_LENGTHS: Final = tuple(TICKS * eighths // 8 for eighths in (1, 2, 4, 6, 8, 12, 16))
"""Ticks of an event: a thirty-second, a sixteenth, an eighth ..."""

Figures = Mapping[str, Ratio]


def auc(
    composed: Sequence[Passage], written: Sequence[Passage], figures: tuple[Sequence[Figures], Sequence[Figures]]
) -> float | None:
    """Area under the curve of telling the two apart, cross-validated: 0.5 is not at all, 1 without a fault.

    figures: those of the pieces in both. None if there are too few pieces of either.
    """
    pieces = [*composed, *written]
    groups = [passage.source for passage in pieces]
    if min(len(set(groups[: len(composed)])), len(written)) < FOLDS:
        return None
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    is_composed = np.repeat([True, False], [len(composed), len(written)])
    names = sorted({name for side in figures for each in side for name in each} - set(_UNFAIR))
    values = np.array(
        [_values(passage, each, names) for passage, each in zip(pieces, [*figures[0], *figures[1]], strict=True)]
    )
    forest: Any = RandomForestClassifier(_TREES, min_samples_leaf=2, class_weight="balanced", random_state=1)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1)
    judged = cross_val_predict(forest, values, is_composed, groups=groups, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(is_composed, judged))


def _values(passage: Passage, figures: Figures, names: Sequence[str]) -> Floats:
    """Features of a piece; -1 where a figure had nothing to count."""
    ratios = [figures.get(name, (0.0, 0.0)) for name in names]
    own = [value / count if count else -1.0 for value, count in ratios]
    return np.array([*own, *_classes(passage), *_steps(passage), *_lengths(passage), *_densities(passage)])


def _classes(passage: Passage) -> Floats:
    """Shares of the pitch classes, measured from the tonic."""
    durations = keys.spelled(passage.piece)[passage.start // TICKS :].sum(axis=0)
    return np.asarray(np.roll(durations, -(keys.key_of(durations) % 12)) / max(1.0, durations.sum()), float)


def _steps(passage: Passage) -> Floats:
    """Shares of the steps of the top line, those that are wider at both ends."""
    line = passage.top.pitches[len(passage.top) - passage.counted(passage.top) :]
    steps = np.clip(np.diff(line), -_REACH, _REACH) + _REACH
    return np.asarray(np.bincount(steps, minlength=2 * _REACH + 1) / max(1, len(steps)), float)


def _lengths(passage: Passage) -> list[float]:
    counts = Counter(event.ticks for event in passage.events)
    return [counts[length] / max(1, counts.total()) for length in _LENGTHS]


def _densities(passage: Passage) -> list[float]:
    """Shares of the events with so many notes, and with so many that start, from none to four."""
    sounding = Counter(min(4, len(event.sounding)) for event in passage.events)
    starting = Counter(min(4, len(event.starts)) for event in passage.events)
    return [counts[notes] / max(1, counts.total()) for counts in (sounding, starting) for notes in range(5)]
