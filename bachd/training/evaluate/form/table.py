"""Tabulate the figures of a bundle beside those of its corpus.

Law: both columns are counted by the same code; a row says what it counts and in what unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bachd.training.evaluate.analysis import themes
from bachd.training.evaluate.analysis.passage import Passage
from bachd.training.evaluate.form.compose import CUT_OFF
from bachd.training.evaluate.form.detector import Trait
from bachd.training.evaluate.form.figures import CHORALES, KEYBOARD, LINE
from bachd.training.evaluate.form.four_parts import Ratio

ROUND: Final = {CHORALES: 24, LINE: 15, KEYBOARD: 9}
"""Pieces among which a second half looks for its first."""
_ALL: Final = (CHORALES, LINE, KEYBOARD)
_SOLO: Final = (LINE, KEYBOARD)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, and how it is printed."""

    label: str
    kinds: tuple[str, ...] = _ALL
    scale: float = 1.0
    unit: str = ""
    digits: int = 1


def _share(label: str, kinds: tuple[str, ...] = _ALL, digits: int = 0) -> Row:
    return Row(label, kinds, 100, "%", digits)


_FOUR: Final = (CHORALES,)
ROWS: Final[Mapping[str, Row]] = {
    "cut_off": _share(f"cut off: did not end by itself within {CUT_OFF} bars"),
    "ends_on_seed_bass": _share("last bass is the last bass of the seed's piece", _FOUR),
    "ends_on_tonic": _share("last bass is the tonic of the whole piece"),
    "ends_within_tonic_triad": _share("last bass is in the tonic triad", _SOLO),
    "ends_perfect": _share("ends with a perfect authentic cadence", _FOUR),
    "ends_authentic": _share("ends with any authentic cadence", _FOUR),
    "ends_on_root_triad": _share("last chord is a triad over its root", _FOUR),
    "last_event_long": _share("last chord twice as long as usual, or longer"),
    "close_in_opening_key": _share("last 8 quarters on the tonic of the first 4 bars", _FOUR),
    "close_in_home_key": _share("last 8 quarters in the home key", _SOLO),
    "time_at_home": _share("time in the home key"),
    "time_near_home": _share("time in the home key or one near it"),
    "key_changes": Row("changes of key in 100 quarters", scale=100),
    "keys": Row("keys a piece"),
    "home_first_third": Row("correlation with home, first third", _SOLO, digits=2),
    "home_last_third": Row("correlation with home, last third", _SOLO, digits=2),
    "resting_points": Row("resting points in 100 quarters", _FOUR, 100),
    "usual_phrases": _share("phrases of 8 quarters (6, 9, 12 in triple time)", _FOUR),
    "long_phrases": _share("phrases longer than 12 quarters", _FOUR),
    "phrases_with_cadence": _share("phrases that end in a cadence", _FOUR),
    "phrases_authentic": _share("  authentic", _FOUR),
    "phrases_half": _share("  half", _FOUR),
    "phrases_plagal": _share("  plagal", _FOUR),
    "phrases_deceptive": _share("  deceptive", _FOUR),
    "grade": Row("grade of Fang et al. 2020, median", _FOUR, digits=2),
    "grade_32": Row("the same of the first 32 quarters", _FOUR, digits=2),
    "soprano_returns": _share("a soprano line of 7 notes returns", _FOUR),
    "own_beginning": _share("second half finds its own first half among other pieces"),
    "sequences": _share("notes in sequences", _SOLO),
    "loose_sequences": _share("notes in sequences, steps free", _SOLO),
    "returns": _share("notes in figures of 8 that return 2 bars on", _SOLO),
    "late_returns": _share("notes in figures of 8 that return 8 bars on", _SOLO),
    "imitations": Row("imitations in 10 bars", (KEYBOARD,), 10),
    "length_entropy": Row("entropy of lengths of the top line, bits", _ALL, digits=2),
    "commonest_length": _share("notes of the commonest length"),
    "repeated_bars": _share("bars whose rhythm stood in the four before", _SOLO),
    "long_stops": Row("long notes or rests in 100 quarters", _SOLO, 100),
    "voice_lost": Row("a voice lost for three chords or more, in 100 quarters", _FOUR, 100, digits=2),
    "parallel_fifths": Row("parallel fifths in 1,000 events, all of them", _FOUR, 1000),
    "parallel_octaves": Row("parallel octaves and unisons in 1,000 events, all of them", _FOUR, 1000),
    "hidden_parallels": Row("hidden fifths and octaves of the outer voices in 1,000 events", _FOUR, 1000),
    "dissonances": Row("dissonances in 100 quarters", _FOUR, 100, digits=0),
    "unprepared": Row("  unprepared", _FOUR, 100),
    "unresolved": Row("  unresolved", _FOUR, 100),
    "time_triads": _share("time in triads", _FOUR),
    "time_sevenths": _share("time in seventh chords", _FOUR),
    "time_other": _share("time in neither", _FOUR),
    "second_inversions": _share("triads in second inversion, of all", _FOUR, 1),
    "falling_fifths": Row("dominant to tonic in 100 quarters", _FOUR, 100),
    "leaps_over_octave": Row("leaps of more than an octave in 1,000", _FOUR, 1000),
    "leaps_of_seventh": Row("leaps of a seventh in 1,000", _FOUR, 1000),
    "overlaps": Row("voice overlaps in 100 quarters", _FOUR, 100),
    "out_of_voice_range": Row("notes outside the range of their voice in 1,000", _FOUR, 1000),
    **{
        f"ambitus_{name}": Row(f"ambitus of the {name}, semitones", _FOUR)
        for name in ("soprano", "alto", "tenor", "bass")
    },
    "bass_by_step": _share("bass moves by step", _FOUR),
    "bass_by_leap": _share("bass moves by a fourth or more", _FOUR),
    "contrary_motion": _share("outer voices contrary when both move", _FOUR),
    "ambitus": Row("ambitus a piece, semitones", _SOLO),
    "ambitus_top": Row("  of the top line", _SOLO),
    "ambitus_bottom": Row("  of the bottom line", _SOLO),
    "steps": _share("top line moves by step", _SOLO),
    "thirds": _share("  by a third", _SOLO),
    "over_octave": _share("  by more than an octave", _SOLO, 1),
    "chords": _share("chords, of all onsets", _SOLO),
    "notes_at_a_time": Row("notes that sound together, mean", (KEYBOARD,)),
    "time_with_one_voice": _share("time with one note", (KEYBOARD,)),
    "unplayable": _share("time that two hands cannot hold", (KEYBOARD,), 2),
    "auc": Row("distinguished from its corpus by a forest, AUC (0.5: not at all)", _ALL, digits=2),
}
"""In the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Column:
    """The figures of some passages, in the units of `ROWS`."""

    pieces: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """The counts."""

    bundle: str
    kind: str
    rng: int
    composed: Column
    written: Column | None
    label: str = "Bach"
    """What the corpus is called."""
    traits: tuple[Trait, ...] = ()
    """What tells the two columns apart, the most important first."""

    def columns(self) -> dict[str, Column]:
        """By their titles."""
        return {self.bundle: self.composed, **({self.label: self.written} if self.written else {})}

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "rng": self.rng,
            "kind": self.kind,
            **{
                name: {"pieces": column.pieces, **column.figures}
                for name, column in (("composed", self.composed), ("written", self.written))
                if column
            },
            "traits": [
                {"name": name, "composed": composed, "written": written, "auc": alone}
                for name, _, composed, written, alone in self.differences()
            ],
        }

    def as_text(self) -> str:
        """The same for people."""
        return "\n".join([*self._lines(), *self._differences()])

    def _lines(self) -> Iterator[str]:
        columns = self.columns()
        heads = [f"{name} ({column.pieces})" for name, column in columns.items()]
        rows = {key: row for key, row in ROWS.items() if any(key in column.figures for column in columns.values())}
        wide = max(len(row.label) for row in rows.values())
        widths = [max(10, len(head)) for head in heads]
        yield "  ".join([" " * wide, *(head.rjust(width) for head, width in zip(heads, widths, strict=True))])
        for key, row in rows.items():
            values = [printed(row, column.figures.get(key)) for column in columns.values()]
            yield "  ".join(
                [row.label.ljust(wide), *(value.rjust(width) for value, width in zip(values, widths, strict=True))]
            )

    def differences(self) -> Iterator[tuple[str, Row, float, float, float]]:
        """By what the columns are told apart: name, how it is printed, mean a piece in both, and its AUC alone."""
        for trait in self.traits:
            row = ROWS.get(trait.name, _share(trait.name, digits=1))
            yield trait.name, row, row.scale * trait.composed, row.scale * trait.written, trait.alone

    def _differences(self) -> Iterator[str]:
        rows = list(self.differences())
        if not rows:
            return
        wide = max(len(row.label) for _, row, *_ in rows)
        yield "\nWhat the forest looks at most: the means of the pieces, and how well each tells them apart alone (AUC)"
        yield f"{'':{wide}}{self.bundle:>12}{self.label:>12}{'AUC':>8}"
        for _, row, composed, written, alone in rows:
            yield f"{row.label.strip():{wide}}{printed(row, composed):>12}{printed(row, written):>12}{alone:>8.2f}"


def printed(row: Row, value: float | None) -> str:
    """A figure with its unit, '-' where there is none."""
    return "-" if value is None else f"{value:.{row.digits}f}{' ' if row.unit else ''}{row.unit}"


def column(
    passages: Sequence[Passage], kind: str, each: Sequence[Mapping[str, Ratio]], more: Mapping[str, float]
) -> Column:
    """All figures of some passages: `each` comes from `figures.measure`, `more` are figures of all together."""
    sums: dict[str, list[float]] = {}
    for found in each:
        for name, (value, count) in found.items():
            total = sums.setdefault(name, [0.0, 0.0])
            total[0] += value
            total[1] += count
    ratios = {name: value / count for name, (value, count) in sums.items() if count}
    rounds = list(themes.rounds(passages, ROUND[kind]))
    if rounds:
        ratios["own_beginning"] = sum(map(themes.own_beginning, rounds)) / len(rounds)
    ratios |= more
    return Column(
        len(passages),
        {key: row.scale * ratios[key] for key, row in ROWS.items() if key in ratios and kind in row.kinds},
    )
