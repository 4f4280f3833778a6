"""Grade a chorale: the sum of nine distances from Bach's, so that less is better.

The grade is that of Fang, Liu, Seetharaman and Pardo 2020 ("Bach or Mock? A Grading Function for Chorales in the Style
of J.S. Bach", arXiv:2006.13329).

Law: notes are spelled as the reference spells them most often, for a piece of events has no spelling of its own, and
voices are counted from the top. So grades are comparable with each other, and with printed ones to a few tenths.

A distance is Wasserstein's between two distributions whose values stand in the order in which the reference has them,
the most frequent first; that of parallels is multiplied by how many more there are than in the reference.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from bachd.errors import UsageError
from bachd.music.event import TICKS, Event
from bachd.training.evaluate.analysis import keys, voices
from bachd.training.evaluate.analysis.chords import SEVENTHS, TRIADS
from bachd.training.evaluate.analysis.passage import Ints

SIXTEENTH: Final = TICKS // 4
_SCALES: Final = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_INTERVALS: Final = {"P": (0, 5, 7, 12), "M": (2, 4, 9, 11), "m": (1, 3, 8, 10)}
_QUALITIES: Final = {
    **{name.replace(" ", "-"): shape for name, shape in (TRIADS | SEVENTHS).items()},
    "suspended-fourth": (0, 5, 7),
    "suspended-second": (0, 2, 7),
    "power": (0, 7),
    "pedal": (0,),
}
_BARE: Final = {"major": (0, 4), "minor": (0, 3), "dominant-seventh": (0, 4, 10), "minor-seventh": (0, 3, 10)}

Shares = Mapping[str, float]


@dataclass(frozen=True)
class Reference:
    """Bach's distributions, as the authors of the grade published them."""

    shares: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Reference:
        """Read the distributions from a JSON file. Raises UsageError if it holds none."""
        try:
            shares = json.loads(path.read_text())
            missing = {"rhythm_distribution", "parallel_error_note_ratio"} - shares.keys()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        except (ValueError, AttributeError):
            raise UsageError(f"{path}: holds no JSON object with the distributions of the grade") from None
        if missing:
            raise UsageError(f"{path}: holds no distributions of the grade: {', '.join(sorted(missing))} is missing")
        return cls(shares)

    def grade(self, events: Sequence[Event]) -> float:
        """The grade of a piece."""
        return sum(self.distances(events).values())

    def distances(self, events: Sequence[Event]) -> dict[str, float]:
        """The nine distances of a piece, by their name in the reference."""
        four = voices.assign([event.sounding for event in events])
        onsets = np.cumsum([0, *(event.ticks for event in events)])
        lines = [_notes(four[:, voice], events, onsets) for voice in range(voices.VOICES)]
        key = keys.key_of(_durations(events))
        mode, tonic = ("minor" if key >= 12 else "major"), key % 12
        degrees, rhythm = Counter[str](), Counter[str]()
        scale = self._degrees(mode)
        for line in lines:
            for _, pitch, ticks in line:
                degrees["Rest" if pitch < 0 else scale[(pitch - tonic) % 12]] += ticks
                rhythm[str(ticks / TICKS)] += 1
        found = {
            "note": self._distance(degrees, f"{mode}_note"),
            "rhythm": self._distance(rhythm, "rhythm"),
            "parallel_error": self._parallels(four, sum(map(len, lines))),
            "harmonic_quality": self._distance(_qualities(events), f"{mode}_harmonic_quality"),
        }
        for name, line in zip("SATB", lines, strict=True):
            table = f"{mode}_{name}_directed_interval"
            steps = Counter(self._interval(table, after - before) for before, after in _steps(line))
            found[f"{name}_interval"] = self._distance(steps, table)
        found["repeated_sequence"] = self._distance(_repeated(lines), "repeated_sequence_2")
        return found

    def _distance(self, counts: Counter[str], table: str) -> float:
        """Wasserstein's distance, the places being the order of the reference."""
        reference: Shares = self.shares[f"{table}_distribution"]
        total = counts.total()
        if not total:
            return 0.0
        order = sorted(reference, key=lambda name: reference[name], reverse=True)
        others = sorted((name for name in counts if name not in reference), key=lambda name: counts[name])
        ours = np.array([counts[name] / total for name in (*order, *others)])
        theirs = np.array([reference[name] for name in order] + [0.0] * len(others))
        return float(np.abs(np.cumsum(ours - theirs)).sum())

    def _parallels(self, four: Ints, notes: int) -> float:
        counts = Counter({"Prl-5th": voices.parallels(four, 7), "Prl-8ve": voices.parallels(four, 0)})
        ratio = counts.total() / max(1, notes) / self.shares["parallel_error_note_ratio"]
        return self._distance(counts, "parallel_error") * float(ratio)

    def _degrees(self, mode: str) -> dict[int, str]:
        """The commonest name of each semitone above the tonic."""
        names: dict[int, str] = {}
        for name, _ in sorted(self.shares[f"{mode}_note_distribution"].items(), key=lambda item: item[1]):
            if name != "Rest":
                degree, _, accidental = name.partition(":")
                names[(_SCALES[mode][int(degree) - 1] + round(float(accidental))) % 12] = name
        return {semitone: names.get(semitone, f"?{semitone}") for semitone in range(12)}

    def _interval(self, table: str, semitones: int) -> str:
        """The commonest name of an interval, such as 'm-3' for three semitones down."""
        octaves, within = divmod(abs(semitones), 12)
        number = (1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 7, 7)[within] + 7 * octaves
        quality = "A" if within == 6 else next(name for name, steps in _INTERVALS.items() if within in steps)
        sign = "-" if semitones < 0 else ""
        if within != 6:
            return f"{quality}{sign}{number}"
        reference: Shares = self.shares[f"{table}_distribution"]
        names = (f"A{sign}{number - 1}", f"d{sign}{number}")
        return max(names, key=lambda name: reference.get(name, 0.0))


Note = tuple[int, int, int]
"""Onset in ticks, MIDI number (-1 for a rest) and length in ticks."""


def _notes(line: Ints, events: Sequence[Event], onsets: Ints) -> list[Note]:
    """The notes of one voice; where voices share a note, each has it."""
    begins = [
        index
        for index, pitch in enumerate(line.tolist())
        if index == 0 or pitch != line[index - 1] or pitch in events[index].starts
    ]
    return [
        (int(onsets[begin]), int(line[begin]), int(onsets[end] - onsets[begin]))
        for begin, end in pairwise([*begins, len(line)])
    ]


def _durations(events: Iterable[Event]) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = np.zeros(12)
    for event in events:
        for pitch in event.sounding:
            found[pitch % 12] += event.ticks
    return found


def _steps(line: Sequence[Note]) -> list[tuple[int, int]]:
    pitches = [pitch for _, pitch, _ in line if pitch >= 0]
    return list(pairwise(pitches))


def _qualities(events: Iterable[Event]) -> Counter[str]:
    return Counter(_quality(event.sounding) for event in events if event.sounding)


def _quality(pitches: Sequence[int]) -> str:
    """Return the kind of chord of some pitches, named from their lowest note where more than one name fits."""
    classes = {pitch % 12 for pitch in pitches}
    for shapes in (_QUALITIES, _BARE):
        for root in sorted(classes, key=lambda each: (each - pitches[0]) % 12):
            for name, shape in shapes.items():
                if classes == {(root + step) % 12 for step in shape}:
                    return name
    return "unidentifiable"


def _repeated(lines: Iterable[Sequence[Note]]) -> Counter[str]:
    """By their length in sixteenths, the stretches of a voice that occur more than once, as often as they occur.

    A stretch begins with a note and has two at least; it may end within a note. One that only ever occurs as a part of
    the same longer one does not count.
    """
    found = Counter[str]()
    for line in lines:
        cells = [(pitch, place == 0) for _, pitch, ticks in line for place in range(max(1, round(ticks / SIXTEENTH)))]
        groups = _extended({(): [index for index, (_, begins) in enumerate(cells) if begins]}, cells, 0)
        length = 1
        while groups:
            longer = _extended(groups, cells, length)
            parents = Counter((number, len(at)) for (number, _), at in longer.items())
            for number, at in enumerate(groups.values()):
                notes = sum(begins for _, begins in cells[at[0] : at[0] + length])
                if notes > 1 and not parents[number, len(at)] and not _comes_from_one(at, cells):
                    found[str(length)] += len(at)
            groups, length = longer, length + 1
    return found


def _extended(
    groups: Mapping[Any, Sequence[int]], cells: Sequence[tuple[int, bool]], length: int
) -> dict[Any, list[int]]:
    """Places where a stretch one sixteenth longer begins, by the stretch, if there is more than one."""
    longer: dict[Any, list[int]] = defaultdict(list)
    for number, at in enumerate(groups.values()):
        for start in at:
            if start + length < len(cells):
                longer[number, cells[start + length]].append(start)
    return {key: at for key, at in longer.items() if len(at) > 1}


def _comes_from_one(at: Sequence[int], cells: Sequence[tuple[int, bool]]) -> bool:
    """Whether the same note comes before all of these places."""
    before = set()
    for start in at:
        begin = start - 1
        while begin >= 0 and not cells[begin][1]:
            begin -= 1
        if begin < 0:
            return False
        before.add((cells[begin][0], start - begin))
    return len(before) == 1
