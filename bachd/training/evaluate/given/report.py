"""Let a bundle harmonise a voice of pieces that were held out, and print how near it comes to their composer.

Law: the bundle is asked as it is when a person plays, without a look ahead; the baselines learn from the same pieces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from random import Random
from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.melody import Turn, harmonise, line, outer_lines
from bachd.neural.model import Model
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.given import motion, twins, unseen_melodies
from bachd.training.evaluate.given.baselines import Table
from bachd.training.evaluate.given.figures import Figures, compare
from bachd.training.evaluate.given.motion import Motion
from bachd.training.evaluate.given.unseen_melodies import Song, UnseenMelodies
from bachd.training.progress import progress

VOICES: Final = ("soprano", "alto", "tenor", "bass")
"""What may be given, from the top."""
BOTH: Final = "both"
"""Stands for the soprano and the bass."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of all who harmonised the same melodies, by their names."""

    name: str
    voice: str
    """The voice that was given."""
    pieces: int
    rows: Mapping[str, Figures]
    motion: Mapping[str, Motion]
    """How the voices move, of the bundle and of the composer; empty where the soprano was not given."""
    unseen_melodies: UnseenMelodies | None
    """How the bundle fares with melodies that it cannot be at home in; None where the soprano was not given."""

    def as_json(self) -> str:
        """All figures for programs: one line."""
        rows = {name: asdict(row) for name, row in self.rows.items()}
        moves = {"motion": {name: asdict(found) for name, found in self.motion.items()}} if self.motion else {}
        unseen = {} if self.unseen_melodies is None else {"unseen_melodies": asdict(self.unseen_melodies)}
        return json.dumps({"bundle": self.name, "given": self.voice, "pieces": self.pieces, **rows, **moves, **unseen})

    def as_text(self) -> str:
        """The same for people."""
        names = [field.name for field in fields(Figures)]
        wide = max(map(len, self.rows))
        head = " ".join(["".ljust(wide), *(name.replace("_", " ").rjust(10) for name in names)])
        lines = [
            " ".join([title.ljust(wide), *(_printed(getattr(row, name)).rjust(10) for name in names)])
            for title, row in self.rows.items()
        ]
        given = "soprano and bass are given" if self.voice == BOTH else f"the {self.voice} is given"
        what = f"of {self.pieces} held-out pieces {given}, and nothing of what follows:"
        moves = ["", "how the three voices under it move:", motion.as_text(self.motion)] if self.motion else []
        unseen = [] if self.unseen_melodies is None else ["", self.unseen_melodies.as_text()]
        return "\n".join([what, head, *lines, *moves, *unseen])


def run(bundle: Bundle, model: Model, corpus: Corpus, songs: Sequence[Song], voice: str = "soprano") -> Report:
    """Measure a bundle on a voice of the pieces that a corpus holds out, one of VOICES, or BOTH.

    For the soprano, the baselines are measured, too, and how the bundle harmonises songs. Raises ModelError.
    """
    held_out, train = corpus.pieces("test"), corpus.pieces("train")

    drawing = assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST)

    place = 0 if voice == BOTH else VOICES.index(voice)

    def lead(melody: Sequence[Turn], grid: Grid) -> Sequence[Event]:
        return list(harmonise(assemble.harmoniser(bundle, model, drawing, grid, voice=place), melody))

    found = [
        (piece.events, lead(outer_lines(piece.events) if voice == BOTH else line(piece.events, place), piece.grid))
        for piece in progress(held_out, "harmonising", unit="piece")
    ]
    themselves = f"{corpus.label}, the same pieces"
    rows = {bundle.card.name: compare(found, place)}
    if voice == VOICES[0]:
        rows |= _baselines(corpus, held_out, train)
    rows[themselves] = compare([(piece.events, piece.events) for piece in held_out], place)
    if voice != VOICES[0]:
        return Report(bundle.card.name, voice, len(held_out), rows, {}, None)
    led = [replace(piece, events=tuple(events)) for piece, (_, events) in zip(held_out, found, strict=True)]
    moves = {bundle.card.name: motion.count(led), themselves: motion.count(held_out)}
    return Report(bundle.card.name, voice, len(held_out), rows, moves, unseen_melodies.measure(lead, songs, held_out))


def _baselines(corpus: Corpus, held_out: Sequence[Piece], train: Sequence[Piece]) -> dict[str, Figures]:
    """Return the figures of those who harmonise a melody without a network, and of two settings of one tune."""
    rows = {}
    for name, plain in (("commonest chord of the note", True), ("table: degree, step, beat", False)):
        table = Table(train, plain=plain)
        rows[name] = compare([(piece.events, table.harmonise(piece)) for piece in held_out])
    if settings := list(twins.pairs(corpus.works)):
        rows[f"{corpus.label} against {corpus.label}: {len(settings)} pairs"] = compare(settings)
    return rows


def _printed(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}" if value <= 1.0 else f"{value:.1f}"
