"""Measure repetition: figures that return, sequences, imitations, and similarity to the piece's own beginning.

Law: a figure is the intervals and the rhythm of some notes of one line, at whatever level. Intervals are semitones
where a figure is to return or to be imitated; in sequences and in a soprano's line they are steps of the scale, spelled
in the key of the moment, so that the same figure in another place of the scale is the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import Final

import numpy as np

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis.passage import Flags, Ints, Line, Passage

RETURNING: Final = 8
IMITATED: Final = 6
IDENTITY: Final = 3
SOPRANO: Final = 7
"""Notes of a figure, for each of the questions."""
_IMITATION_BARS: Final = 4
_MOST_SEQUENCE_BARS: Final = 2
_FEWEST_IN_SEQUENCE: Final = 4
_LETTERS: Final = np.array((0, 4, 1, 5, 2, 6, 3))
"""The step of the scale of C for each place on the line of fifths, F = -1 aside: C G D A E B F."""

Figure = tuple[int, ...]


def scale_steps(line: Line, quarter_keys: Ints) -> Ints:
    """Each note of a line as a step of a seven-note scale, octaves counted, shape (N,).

    quarter_keys: the key of each quarter of the piece. Of the twelve names on the line of fifths that lie around the
    key's tonic, one belongs to each pitch class.
    """
    if not len(line):
        return np.zeros(0, np.int64)
    at = quarter_keys[np.minimum(line.onsets // TICKS, len(quarter_keys) - 1)]
    minor = at >= 12
    tonic = _fifths(at % 12, np.where(minor, -2, -5))
    lowest = tonic - np.where(minor, 5, 3)
    name = _fifths(line.pitches % 12, lowest)
    letters = _LETTERS[name % 7]
    natural = np.array((0, 2, 4, 5, 7, 9, 11))[letters]
    octaves = (line.pitches - natural + 6) // 12
    return np.asarray(octaves * 7 + letters, np.int64)


def _fifths(classes: Ints, lowest: Ints) -> Ints:
    """The place on the line of fifths, C being 0, of each pitch class, in the twelve places from `lowest` on."""
    return np.asarray(lowest + (classes * 7 - lowest) % 12, np.int64)


def figures(steps: Ints, line: Line, notes: int) -> list[Figure]:
    """The figure of `notes` notes that begins at each note, where so many follow."""
    moves, gaps = np.diff(steps), line.gaps
    count = len(line) - notes + 1
    if count <= 0:
        return []
    rows = np.concatenate(
        [
            np.lib.stride_tricks.sliding_window_view(moves, notes - 1)[:count],
            np.lib.stride_tricks.sliding_window_view(gaps[:-1], notes - 1)[:count],
        ],
        axis=1,
    )
    return [tuple(row) for row in rows.tolist()]


def returning(passage: Passage, line: Line, bars: int) -> int:
    """Count notes in figures of eight that occurred `bars` bars before, or earlier."""
    return int(returning_notes(passage, line, bars).sum())


def returning_notes(passage: Passage, line: Line, bars: int) -> Flags:
    """Whether each note of a line is one of these, shape (N,)."""
    far = bars * passage.piece.grid.place(passage.start).metre.bar
    begin = len(line) - passage.counted(line)
    first: dict[Figure, int] = {}
    returns = np.zeros(len(line), bool)
    for index, figure in enumerate(figures(line.pitches, line, RETURNING)[begin:], begin):
        onset = int(line.onsets[index])
        if onset - first.setdefault(figure, onset) >= far:
            returns[index : index + RETURNING] = True
    return returns


def in_sequences(passage: Passage, line: Line, steps: Ints, *, strict: bool) -> int:
    """Notes counted that lie in a sequence: a figure that comes again at once at another level in the same rhythm.

    The figure begins on a beat, lasts whole beats, two bars at most, has four notes at least and is no plain scale.
    strict: the steps of the scale are the same; otherwise they may differ by one, but not in their direction.
    """
    metre = passage.piece.grid.place(passage.start).metre
    begin = len(line) - passage.counted(line)
    onsets, gaps, steps = line.onsets[begin:], line.gaps[begin:], steps[begin:]
    moves, longest = np.diff(steps), _MOST_SEQUENCE_BARS * metre.bar
    on_beat = np.array([passage.piece.grid.place(int(onset)).phase % metre.beat == 0 for onset in onsets], bool)
    found = np.zeros(len(onsets), bool)
    for notes in range(_FEWEST_IN_SEQUENCE, len(onsets) // 2 + 1):
        spans = onsets[notes:] - onsets[:-notes]
        if spans.min() > longest:
            break
        inner = notes - 1  # moves within the figure
        same = gaps[notes:-1] == gaps[: -notes - 1]
        same &= np.abs(moves[notes:] - moves[:-notes]) <= (0 if strict else 1)
        same &= np.sign(moves[notes:]) == np.sign(moves[:-notes])
        again = _runs(same, inner)
        at = np.arange(len(again))
        fits = on_beat[at] & (spans[at] % metre.beat == 0) & (spans[at] <= longest) & (steps[at + notes] != steps[at])
        for index in np.flatnonzero(again & fits & ~_scales(moves, inner)[at]):
            found[index : index + 2 * notes] = True
    return int(found.sum())


def _runs(flags: Flags, length: int) -> Flags:
    """Whether `length` flags from each one on are all set, where so many follow."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(sums[length:] - sums[:-length] == length, bool)


def _scales(moves: Ints, length: int) -> Flags:
    """Whether `length` moves from each one on are all one step up, one down, or none."""
    return np.asarray(np.any([_runs(moves == step, length) for step in (-1, 0, 1)], axis=0), bool)


def imitations(passage: Passage) -> int:
    """Count imitations: one outer line takes up six notes of the other within four bars, at any level.

    Where a longer stretch is taken up, it counts once. A plain scale is no figure.
    """
    reach = _IMITATION_BARS * passage.piece.grid.place(passage.start).metre.bar
    found = 0
    for leader, follower in ((passage.top, passage.bottom), (passage.bottom, passage.top)):
        seen: dict[Figure, list[int]] = defaultdict(list)
        for index, figure in enumerate(figures(leader.pitches, leader, IMITATED)):
            seen[figure].append(int(leader.onsets[index]))
        free = passage.start
        for index, figure in enumerate(figures(follower.pitches, follower, IMITATED)):
            onset = int(follower.onsets[index])
            if onset < free or len(set(figure[: IMITATED - 1])) == 1:
                continue
            if any(0 < onset - earlier <= reach for earlier in seen.get(figure, ())):
                found += 1
                free = int(follower.onsets[index + IMITATED - 1]) + 1
    return found


def soprano_returns(passage: Passage, steps: Ints) -> bool:
    """Whether any seven notes of the top line come again, at any level of the scale."""
    line = passage.top
    begin = len(line) - passage.counted(line)
    seen: dict[Figure, int] = {}
    return any(
        index - seen.setdefault(figure, index) >= SOPRANO
        for index, figure in enumerate(figures(steps, line, SOPRANO)[begin:])
    )


def own_beginning(pieces: Sequence[Passage]) -> float:
    """Share of the pieces whose second half is most like their own first half, among all first halves.

    Alike are halves that have the same figures of three notes, the rarer the more (cosine of counts, each weighted by
    the logarithm of its rarity).
    """
    halves = [_halves(passage) for passage in pieces]
    spread = Counter(figure for pair in halves for half in pair for figure in half)
    weight = {figure: log(2 * len(halves) / count) for figure, count in spread.items()}
    hits = 0.0
    for index, (_, second) in enumerate(halves):
        scores = [_cosine(first, second, weight) for first, _ in halves]
        best = max(scores)
        hits += (scores[index] == best) / scores.count(best)
    return hits / len(halves)


def _halves(passage: Passage) -> tuple[Counter[Figure], Counter[Figure]]:
    """The figures of three notes in both halves of the whole piece, whatever the key."""
    middle = passage.piece.ticks // 2
    found: tuple[Counter[Figure], Counter[Figure]] = Counter(), Counter()
    for place, line in enumerate((passage.top, passage.bottom)):
        for index, figure in enumerate(figures(line.pitches, line, IDENTITY)):
            found[int(line.onsets[index] >= middle)][place, *figure] += 1
    return found


def _cosine(one: Counter[Figure], other: Counter[Figure], weight: dict[Figure, float]) -> float:
    def norm(counts: Counter[Figure]) -> float:
        return sqrt(sum((count * weight[figure]) ** 2 for figure, count in counts.items()))

    both = sum(one[figure] * other[figure] * weight[figure] ** 2 for figure in one.keys() & other.keys())
    return both / (norm(one) * norm(other)) if both else 0.0


def rounds(pieces: Sequence[Passage], size: int) -> Iterator[list[Passage]]:
    """Groups of `size` pieces, at most one from the same source in each."""
    waiting: dict[str, list[Passage]] = defaultdict(list)
    for passage in pieces:
        waiting[passage.source].append(passage)
    for turn in range(max(map(len, waiting.values()), default=0)):
        each = [group[turn] for group in waiting.values() if turn < len(group)]
        for begin in range(0, len(each) - size + 1, size):
            yield each[begin : begin + size]
