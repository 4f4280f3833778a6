"""Let a bundle harmonise the melodies of pieces that were held out, and print how near it comes to their composer.

Law: the bundle is asked as it is when a person plays, without a look ahead; the baselines learn from the same pieces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.melody import Turn, harmonise, top_line
from bachd.neural.model import Model
from bachd.training.corpus.model import Corpus
from bachd.training.evaluate.given import twins, unseen_melodies
from bachd.training.evaluate.given.baselines import Table
from bachd.training.evaluate.given.figures import Figures, compare
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
    unseen_melodies: UnseenMelodies
    """How the bundle fares with melodies that it cannot be at home in."""

    def as_json(self) -> str:
        """All figures for programs: one line."""
        rows = {name: asdict(row) for name, row in self.rows.items()}
        return json.dumps(
            {"bundle": self.name, "pieces": self.pieces, **rows, "unseen_melodies": asdict(self.unseen_melodies)}
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
        return "\n".join([what, head, *lines, "", self.unseen_melodies.as_text()])


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
    rows[f"{corpus.label}, the same pieces"] = compare([(piece.events, piece.events) for piece in held_out])
    return Report(bundle.card.name, len(held_out), rows, unseen_melodies.measure(lead, songs, held_out))


def _printed(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}" if value <= 1.0 else f"{value:.1f}"
