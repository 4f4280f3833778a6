"""Measure how many notes are spelled as the encoders of held-out scores spell them.

Law: a note counts once for each of its pitch and onset; the speller sees pitches and durations, no names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bachd.music import keys
from bachd.music.notation.spelling import spell_events
from bachd.music.notes import Note, cut
from bachd.training.corpus import chorales, music21_scores, sources
from bachd.training.corpus.model import CorpusError
from bachd.training.corpus.read_file import SCORES
from bachd.training.progress import progress

Names = dict[tuple[int, int], int]
"""By tick and MIDI number of a note: its name, in fifths above C."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one score was spelled."""

    name: str
    notes: int
    right: int


@dataclass(frozen=True, slots=True)
class Found:
    """How all were."""

    scores: tuple[Agreement, ...]
    without: int
    """Held-out works that are .mid files, which have no names of notes."""

    @property
    def share(self) -> float:
        """Notes that are spelled as their encoder does, 0 to 1."""
        return sum(score.right for score in self.scores) / sum(score.notes for score in self.scores)

    def as_text(self) -> str:
        """Return the figures, the works with differences first."""
        notes, right = sum(score.notes for score in self.scores), sum(score.right for score in self.scores)
        lines = [f"{right} of {notes} notes ({self.share:.2%}) in {len(self.scores)} works have their encoder's names"]
        if self.without:
            lines.append(f"not counted, .mid files: {self.without}")
        worst = sorted(self.scores, key=lambda score: score.right - score.notes)
        lines += [f"  {score.name}: {score.notes - score.right} of {score.notes} differ" for score in worst[:10]]
        return "\n".join(line for line in lines if not line.endswith(": 0"))

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {"share": self.share, "without": self.without, "scores": [asdict(score) for score in self.scores]}


def run(source: str) -> Found:
    """Spell the scores on the test side of a corpus. Raises CorpusError if there are none."""
    files = _files(source)
    names = [work.piece.name for work in sources.load(source).works if work.split == "test"]
    scores = [(name, files[name]) for name in names if name in files]
    if not scores:
        raise CorpusError(f"{source} has no scores ({', '.join(SCORES)}) on its test side; .mid files name no notes")
    found = (compare(name, names_in(file)) for name, file in progress(scores, "spelling", unit="score"))
    return Found(tuple(found), len(names) - len(scores))


def compare(name: str, encoded: Names) -> Agreement:
    """Spell the notes of a score anew."""
    onsets = sorted({tick for tick, _ in encoded})
    ends = dict(zip(onsets, [*onsets[1:], onsets[-1] + 1], strict=True))
    events = cut(Note(tick - onsets[0], ends[tick] - onsets[0], pitch) for tick, pitch in encoded)
    spelled: Names = {}
    tick = onsets[0]
    for event, names in zip(events, spell_events(events, keys.home(events)), strict=True):
        spelled |= {(tick, pitch): names[pitch].fifths for pitch in event.starts}
        tick += event.ticks
    return Agreement(name, len(encoded), sum(spelled[note] == fifths for note, fifths in encoded.items()))


def names_in(file: Path) -> Names:
    """Return the names of the notes in a score."""
    from music21 import stream

    score = music21_scores.parse(file)
    return dict(_named(score.getElementsByClass(stream.Part)))


def _named(parts: Iterable[Any]) -> Iterator[tuple[tuple[int, int], int]]:
    for part in parts:
        yield from music21_scores.names(part)


def _files(source: str) -> dict[str, Path]:
    """The scores of a corpus by the names of its works."""
    if source == sources.CHORALES:
        return {file.name.rsplit(".", 1)[0]: file for file in reversed(chorales.paths())}
    home = Path(source)
    found = (file for ending in SCORES for file in home.rglob(f"*{ending}"))
    return {file.relative_to(home).with_suffix("").as_posix(): file for file in found}
