"""Let a bundle harmonise the melodies of pieces that were held out, and print how near it comes to their composer.

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
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.melody import Turn, harmonise, top_line
from bachd.neural.model import Model
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.given import motion, twins, unseen_melodies
from bachd.training.evaluate.given.baselines import Table
from bachd.training.evaluate.given.figures import Figures, compare
from bachd.training.evaluate.given.motion import Motion
from bachd.training.evaluate.given.unseen_melodies import Song, UnseenMelodies
from bachd.training.progress import progress

VOICES: Final = ("soprano",)
"""What may be given."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of all who harmonised the same melodies, by their names."""

    name: str
    pieces: int
    rows: Mapping[str, Figures]
    motion: Mapping[str, Motion]
    """How the voices move, of the bundle and of the composer."""
    unseen_melodies: UnseenMelodies
    """How the bundle fares with melodies that it cannot be at home in."""

    def as_json(self) -> str:
        """All figures for programs: one line."""
        rows = {name: asdict(row) for name, row in self.rows.items()}
        moves = {name: asdict(found) for name, found in self.motion.items()}
        unseen = asdict(self.unseen_melodies)
        return json.dumps(
            {"bundle": self.name, "pieces": self.pieces, **rows, "motion": moves, "unseen_melodies": unseen}
        )

    def as_text(self) -> str:
        """The same for people."""
        names = [field.name for field in fields(Figures)]
        wide = max(map(len, self.rows))
        head = " ".join(["".ljust(wide), *(name.replace("_", " ").rjust(10) for name in names)])
        lines = [
            " ".join([title.ljust(wide), *(_printed(getattr(row, name)).rjust(10) for name in names)])
            for title, row in self.rows.items()
        ]
        what = f"the top voice of {self.pieces} held-out pieces is given, and nothing of what follows:"
        moves = "how the three voices under it move:"
        return "\n".join(
            [what, head, *lines, "", moves, motion.as_text(self.motion), "", self.unseen_melodies.as_text()]
        )


def run(bundle: Bundle, model: Model, corpus: Corpus, songs: Sequence[Song]) -> Report:
    """Measure a bundle and the baselines on the pieces that a corpus holds out, and on songs. Raises ModelError."""
    held_out, train = corpus.pieces("test"), corpus.pieces("train")

    drawing = assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST)

    def lead(melody: Sequence[Turn], grid: Grid) -> Sequence[Event]:
        return list(harmonise(assemble.harmoniser(bundle, model, drawing, grid), melody))

    found = [
        (piece.events, lead(top_line(piece.events), piece.grid))
        for piece in progress(held_out, "harmonising", unit="piece")
    ]
    rows = {bundle.card.name: compare(found)}
    for name, plain in (("commonest chord of the note", True), ("table: degree, step, beat", False)):
        table = Table(train, plain=plain)
        rows[name] = compare([(piece.events, table.harmonise(piece)) for piece in held_out])
    if settings := list(twins.pairs(corpus.works)):
        rows[f"{corpus.label} against {corpus.label}: {len(settings)} pairs"] = compare(settings)
    themselves = f"{corpus.label}, the same pieces"
    rows[themselves] = compare([(piece.events, piece.events) for piece in held_out])
    led = [replace(piece, events=tuple(events)) for piece, (_, events) in zip(held_out, found, strict=True)]
    moves = {bundle.card.name: motion.count(led), themselves: motion.count(held_out)}
    return Report(bundle.card.name, len(held_out), rows, moves, unseen_melodies.measure(lead, songs, held_out))


def _printed(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}" if value <= 1.0 else f"{value:.1f}"
