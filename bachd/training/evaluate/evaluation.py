"""Measure a bundle on held-out pieces, and compare what it plays by itself with the corpus.

Law: what is measured is the int8 bundle in the runtime that plays it, event by event, with all its rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bachd.music.piece import Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.model import Model
from bachd.training.corpus import sources
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate import free_run, memorisation, prediction, style_statistics
from bachd.training.evaluate.event_arrays import Row, of_pieces
from bachd.training.evaluate.free_run import Music
from bachd.training.evaluate.memorisation import Copying
from bachd.training.evaluate.prediction import Score
from bachd.training.evaluate.style_statistics import Habits, Windows

UNLED: Final = 8
"""How many times shorter the model plays without voice leading, for comparison."""
EXACT, MOVED = "at the same pitch", "moved by any interval"
"""The two ways in which a run of chords may stand in the pieces for training."""


@dataclass(frozen=True, slots=True)
class Side:
    """The model's music, or the corpus."""

    music: Music
    windows: Windows
    habits: Habits
    copied: Mapping[str, Copying]
    """By EXACT and MOVED: what also stands in the pieces for training. For the corpus, of the pieces held out; empty if
    there is none."""

    def figures(self) -> dict[str, float | None]:
        """All single figures by name."""
        music = self.music
        counts = {name: getattr(music, name) for name in ("hours", "pieces", "frozen", "periodic", "out_of_range")}
        return {**counts, **asdict(self.habits)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured of a bundle."""

    card: Mapping[str, Any]
    """card.json, as it stands."""
    rng: int
    corpus: str | None
    """Its name; None if there was none, and then nothing that needs one."""
    label: str
    """What the corpus is called beside the model: 'Bach' if all of it is his; '' without one."""
    held_out: int
    """Pieces that `score` is of."""
    score: Score | None
    """Told of the plans of these pieces."""
    unplanned: Score | None
    """The same, told of none."""
    playing: Side
    written: Side | None
    """The corpus."""
    unled: Habits
    """The model's, where the sampler does not keep voices from parallels."""
    within: Mapping[str, float]
    """By figure, the share of the model's windows that are like those of the corpus; empty without one."""

    def baselines(self) -> dict[str, dict[str, float]]:
        """What the card says others reach on the same pieces, by name."""
        figures = self.card.get("figures", {})
        rows = {name: row for name, row in figures.items() if isinstance(row, dict) and "event_nll" in row}
        return {name: {key: value for key, value in row.items() if _is_number(value)} for name, row in rows.items()}

    def as_json(self) -> str:
        """All figures for programs: one line."""
        sides = {"free_run": self.playing, "written": self.written}
        return json.dumps(
            {
                "bundle": self.card.get("name"),
                "corpus": self.corpus,
                "held_out": self.score and self.score.rounded(),
                "held_out_unplanned": self.unplanned and self.unplanned.rounded(),
                "reliability": self.score and [row._asdict() for row in self.score.reliability],
                "card": self.baselines(),
                "settings": {
                    "rng": self.rng,
                    "bpm": free_run.BPM,
                    **self.card.get("sampling", {}),
                },
                **{name: side and side.figures() for name, side in sides.items()},
                "without_leading": {name: getattr(self.unled, name) for name in ("changes", "fifths", "octaves")},
                "within_written": dict(self.within),
                "copied": {
                    name: {way: asdict(found) for way, found in side.copied.items()}
                    for name, side in sides.items()
                    if side
                },
            }
        )

    def as_text(self) -> str:
        """The same for people."""
        lines = [f"{self.card.get('name')} (int8)"]
        if self.corpus is None:
            lines.append("no corpus: nothing was held out, and there is nothing to compare with; give --corpus SOURCE")
        elif self.score is None:
            lines.append(f"corpus {self.corpus} holds nothing out, so nothing was predicted")
        if self.score:
            pieces = f"{self.held_out} held-out piece{'' if self.held_out == 1 else 's'}"
            lines.append(f"predicts {pieces} of {self.corpus}, beside what its card says of itself and others:")
            unplanned = {"told of no plan": self.unplanned.rounded()} if self.unplanned else {}
            table = {
                "measured now": self.score.rounded(),
                **unplanned,
                **{f"card: {k}": v for k, v in self.baselines().items()},
            }
            lines += _table(list(self.score.rounded()), table)
        hours = self.playing.music.hours
        lines.append(f"left to itself for {hours:.1f} hours of music, rng {self.rng}:")
        sides = {"model": self.playing.figures(), **({self.label: self.written.figures()} if self.written else {})}
        columns: dict[str, Mapping[str, Any]] = {**sides, **({"windows alike": self.within} if self.written else {})}
        lines += _table(list(self.playing.figures()), columns)
        if self.unled.fifths is not None and self.unled.octaves is not None:
            lines.append(
                f"sampling.leading off: fifths {self.unled.fifths:.1f}, octaves {self.unled.octaves:.1f} per 1,000 "
                f"of {self.unled.changes:,} changes"
            )
        for way in self.playing.copied:
            lines.append(f"events in a row that also stand in the pieces for training, {way}:")
            rows = {"model": self.playing, f"{self.label}, held out": self.written}
            lines += _table(
                ["p50", "p99", "longest"], {name: asdict(side.copied[way]) for name, side in rows.items() if side}
            )
        return "\n".join(lines)


def run(
    bundle: Bundle, model: Model, corpus: Corpus | None, hours: float, rng: int, *, heard: Sequence[Piece] = ()
) -> Evaluation:
    """Measure a bundle: what it predicts, and `hours` of what it plays with this rng. Raises ModelError, SeedError.

    corpus: its pieces held out for testing are predicted, and the model's music is put beside all of
    it; without one there are the figures of its playing alone. heard: what it was trained on and may have copied from,
    if that is more than the corpus has for training.
    """
    held_out = corpus.pieces("test") if corpus else []
    plans = sources.forms(corpus, held_out) if corpus else {}
    predicting = prediction.score(model, held_out, plans) if held_out else None
    unplanned = prediction.score(model, held_out) if held_out else None
    music = free_run.play(bundle, model, hours, rng)
    train = of_pieces(heard or corpus.pieces("train")) if corpus else None

    def side(music: Music, new: Row) -> Side:
        windows = style_statistics.windows(music.row)
        ways = {EXACT: False, MOVED: True} if train else {}
        found = {way: memorisation.of(new, train, transposed=moved) for way, moved in ways.items() if train}
        return Side(music, windows, style_statistics.habits(music.row, windows), found)

    playing = side(music, music.row)
    free = free_run.play(bundle, model, hours / UNLED, rng, leading=False).row
    side_of_corpus = None
    if corpus:
        pieces = [work.piece for work in corpus.works]
        written = free_run.written(pieces, bundle.card.pitches, held_out or pieces)
        side_of_corpus = side(written, of_pieces(held_out))
    return Evaluation(
        card=json.loads((bundle.folder / "card.json").read_text()),
        rng=rng,
        corpus=corpus.name if corpus else None,
        label=corpus.label if corpus else "",
        held_out=len(held_out),
        score=predicting,
        unplanned=unplanned,
        playing=playing,
        written=side_of_corpus,
        unled=style_statistics.habits(free, style_statistics.windows(free)),
        within=style_statistics.within(playing.windows, side_of_corpus.windows) if side_of_corpus else {},
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _table(names: Sequence[str], columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Lines with a figure each, one column for each who has it."""
    wide = max(map(len, names))
    widths = [max(12, len(title)) for title in columns]
    yield "  ".join([" " * (wide + 2), *(title.rjust(width) for title, width in zip(columns, widths, strict=True))])
    for name in names:
        values = [
            _printed(column.get(name)).rjust(width) for column, width in zip(columns.values(), widths, strict=True)
        ]
        yield "  ".join([f"  {name.replace('_', ' '):{wide}}", *values])


def _printed(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
