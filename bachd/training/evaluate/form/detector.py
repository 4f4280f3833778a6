"""Train a random forest to distinguish a bundle's pieces from Bach's, by some hundred figures of each piece.

Law: no piece is judged by a forest that has seen it, or another one on the same seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis import keys
from bachd.training.evaluate.analysis.passage import Floats, Passage
from bachd.training.evaluate.form.four_parts import Ratio

FOLDS: Final = 5
TRAITS: Final = 12
"""How many figures are named that tell pieces apart."""
_TREES: Final = 300
_UNFAIR: Final = ("cut_off", "ends_on_seed_bass")
"""Figures that Bach's pieces have by definition."""
_NOTHING: Final = -1.0
_REACH: Final = 9
"""Semitones up and down of the steps of a line that are counted one by one."""
_LENGTHS: Final = tuple(TICKS * eighths // 8 for eighths in (1, 2, 4, 6, 8, 12, 16))
"""Ticks of an event: a thirty-second, a sixteenth, an eighth ..."""

Figures = Mapping[str, Ratio]


@dataclass(frozen=True, slots=True)
class Trait:
    """One of the figures that a forest looks at, and how well it tells two kinds of pieces apart."""

    name: str
    composed: float
    """Mean of the bundle's pieces; of shares, not in per cent."""
    written: float
    """Mean of the corpus."""
    alone: float
    """Area under the curve of this figure alone, 0.5 to 1."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a forest makes of some pieces."""

    auc: float
    """Area under the curve of telling the two apart, cross-validated: 0.5 is not at all, 1 without a fault."""
    traits: tuple[Trait, ...]
    """What it looks at most, the most important first."""


def judge(
    composed: Sequence[Passage], written: Sequence[Passage], figures: tuple[Sequence[Figures], Sequence[Figures]]
) -> Judgement | None:
    """Return how well a forest tells the two apart, and by what. None if there are too few pieces of either.

    figures: those of the pieces in both.
    """
    pieces = [*composed, *written]
    groups = [passage.source for passage in pieces]
    if min(len(set(groups[: len(composed)])), len(written)) < FOLDS:
        return None
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold

    is_composed = np.repeat([True, False], [len(composed), len(written)])
    names = sorted({name for side in figures for each in side for name in each} - set(_UNFAIR))
    rows = [_traits(passage, each, names) for passage, each in zip(pieces, [*figures[0], *figures[1]], strict=True)]
    values = np.array([list(row.values()) for row in rows])
    judged, importances = np.zeros(len(pieces)), np.zeros(values.shape[1])
    for known, unknown in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1).split(values, is_composed, groups):
        forest: Any = RandomForestClassifier(_TREES, min_samples_leaf=2, class_weight="balanced", random_state=1)
        forest.fit(values[known], is_composed[known])
        judged[unknown] = forest.predict_proba(values[unknown])[:, 1]
        importances += forest.feature_importances_
    found = [
        Trait(
            name,
            _mean(column[is_composed]),
            _mean(column[~is_composed]),
            abs(float(roc_auc_score(is_composed, column)) - 0.5) + 0.5,
        )
        for name, column in zip(rows[0], values.T, strict=True)
    ]
    order = np.argsort(-importances, kind="stable")[:TRAITS]
    return Judgement(float(roc_auc_score(is_composed, judged)), tuple(found[index] for index in order))


def _traits(passage: Passage, figures: Figures, names: Sequence[str]) -> dict[str, float]:
    """Features of a piece by their names; _NOTHING where a figure had nothing to count."""
    ratios = [(name, *figures.get(name, (0.0, 0.0))) for name in names]
    own = {name: value / count if count else _NOTHING for name, value, count in ratios}
    return own | _classes(passage) | _steps(passage) | _lengths(passage) | _densities(passage)


def _mean(column: Floats) -> float:
    """The mean of the pieces in which there was something to count."""
    counted = column[column != _NOTHING]
    return float(counted.mean()) if len(counted) else 0.0


def _classes(passage: Passage) -> dict[str, float]:
    """Shares of the pitch classes, measured from the tonic."""
    durations = keys.spelled(passage.piece)[passage.start // TICKS :].sum(axis=0)
    shares = np.roll(durations, -(keys.key_of(durations) % 12)) / max(1.0, durations.sum())
    return {f"time on tonic + {above}": float(share) for above, share in enumerate(shares)}


def _steps(passage: Passage) -> dict[str, float]:
    """Shares of the steps of the top line, those that are wider at both ends."""
    line = passage.top.pitches[len(passage.top) - passage.counted(passage.top) :]
    steps = np.clip(np.diff(line), -_REACH, _REACH) + _REACH
    shares = np.bincount(steps, minlength=2 * _REACH + 1) / max(1, len(steps))
    return {f"top line moves by {index - _REACH:+}": float(share) for index, share in enumerate(shares)}


def _lengths(passage: Passage) -> dict[str, float]:
    counts = Counter(event.ticks for event in passage.events)
    return {f"events of {length / TICKS:g} quarters": counts[length] / max(1, counts.total()) for length in _LENGTHS}


def _densities(passage: Passage) -> dict[str, float]:
    """Shares of the events with so many notes, and with so many that start, from none to four."""
    sounding = Counter(min(4, len(event.sounding)) for event in passage.events)
    starting = Counter(min(4, len(event.starts)) for event in passage.events)
    return {
        f"events in which {notes} {verb}": counts[notes] / max(1, counts.total())
        for verb, counts in (("sound", sounding), ("start", starting))
        for notes in range(5)
    }
