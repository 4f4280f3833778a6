"""Summarise a corpus in figures, as text and as a page of panels.

Law: what is left out is listed with its reason, beside what is kept; both forms show the same counts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from bachd import atomic_file
from bachd.errors import UsageError
from bachd.music import pitch
from bachd.music.event import TICKS
from bachd.music.notes import join
from bachd.training.corpus.model import SPLITS, Corpus
from bachd.training.progress import progress

_DETAIL: Final = re.compile(
    r"(?<=^has the notes of ).+|(?<=^shares music with ).+(?=, which)|(?<=^cannot be read: ).+|\d+"
)
"""What differs between works that are left out for one reason."""
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the split, counted."""

    works: int
    groups: int
    notes: int
    lengths: Counter[int]
    """Events by their length in ticks."""
    pitches: Counter[int]
    """Notes by their MIDI number."""
    voices: Counter[int]
    """Events by how many pitches sound."""
    metres: Counter[str]
    """Works by the metre they begin in."""
    upbeats: int
    """Works that begin before a bar line."""

    @property
    def events(self) -> int:
        """Number of events."""
        return self.lengths.total()


def side(corpus: Corpus, split: str) -> Side:
    """Count one side of the split."""
    pieces = corpus.pieces(split)
    pitches, lengths, voices = Counter[int](), Counter[int](), Counter[int]()
    metres, upbeats = Counter[str](), 0
    for piece in progress(pieces, f"counting {split}", unit="piece"):
        pitches.update(note.pitch for note in join(piece.events))
        lengths.update(event.ticks for event in piece.events)
        voices.update(len(event.sounding) for event in piece.events)
        metres[str(piece.grid.changes[0][1])] += 1
        upbeats += piece.grid.upbeat > 0
    return Side(
        works=len(pieces),
        groups=len({work.group for work in corpus.works if work.split == split}),
        notes=pitches.total(),
        lengths=lengths,
        pitches=pitches,
        voices=voices,
        metres=metres,
        upbeats=upbeats,
    )


def report(corpus: Corpus) -> str:
    """Format what was kept, changed, dropped and split."""
    lines = [f"{corpus.name}: {len(corpus.works)} works kept, {len(corpus.dropped)} left out"]
    for split in SPLITS:
        lines += _told(split, side(corpus, split))
    lines += [f"done to the music: {remark}" for remark in corpus.remarks]
    lines += _left_out(corpus)
    credited = sum(bool(work.credit) for work in corpus.works)
    if not corpus.credit or credited:
        lines.append(f"credits: {credited} of {len(corpus.works)} works say who made them or under which licence")
    lines += [f"licences: {'; '.join(corpus.licences)}"] if corpus.licences else []
    return "\n".join(lines)


def _left_out(corpus: Corpus) -> Iterator[str]:
    """Yield a line for each reason; those that differ in a name, a number or a detail are one with examples."""
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, reason in corpus.dropped:
        kinds[_DETAIL.sub("...", reason)].append((name, reason))
    for kind, rows in kinds.items():
        same = len({reason for _, reason in rows}) == 1
        names = [name if same else f"{name} {reason}" for name, reason in rows[:_EXAMPLES]]
        more = ", ..." if len(rows) > _EXAMPLES else ""
        yield f"left out, {rows[0][1] if same else kind}: {len(rows)} ({', '.join(names)}{more})"


def _told(split: str, counted: Side) -> Iterator[str]:
    yield f"{split}: {counted.works} works in {counted.groups} groups, {counted.events} events, {counted.notes} notes"
    if counted.notes:
        low, high = min(counted.pitches), max(counted.pitches)
        yield f"  range {pitch.name(low)} to {pitch.name(high)} (MIDI notes {low} to {high})"
        yield f"  lengths in quarters: {_shares(Counter({_quarters(t): n for t, n in counted.lengths.items()}))}"
        yield f"  pitches at a time: {_shares(Counter({str(n): count for n, count in counted.voices.items()}))}"
        yield f"  metres: {_shares(counted.metres)}; {counted.upbeats} works begin with an upbeat"


def _shares(counts: Counter[str]) -> str:
    """Format the six most frequent, with their share of all."""
    return ", ".join(f"{what} ({count / counts.total():.0%})" for what, count in counts.most_common(6))


def _quarters(ticks: int) -> str:
    return str(Fraction(ticks, TICKS))


def plot(corpus: Corpus, path: Path) -> None:
    """Draw the same as a page of panels into a .png, .pdf or .svg. Raises UsageError for another ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise UsageError(f"{path} is not the name of a picture; end it in .png, .pdf or .svg")
    sides = {split: side(corpus, split) for split in SPLITS}
    figure, panels = pyplot.subplots(3, 2, figsize=(11, 12), layout="constrained")
    figure.suptitle(f"{corpus.name}: {len(corpus.works)} works, {sum(one.events for one in sides.values())} events")
    amounts, spread, lengths, voices, metres, longest = panels.flat
    bars = amounts.bar(list(SPLITS), [sides[split].events for split in SPLITS])
    amounts.bar_label(bars, [f"{sides[split].works} works" for split in SPLITS])
    amounts.set(title="events")
    for split in SPLITS:
        pitches = sorted(sides[split].pitches.items())
        total = max(1, sides[split].notes)
        spread.step([at for at, _ in pitches], [count / total for _, count in pitches], where="mid", label=split)
    octaves = sorted({at // 12 * 12 for one in sides.values() for at in one.pitches})
    spread.set_xticks(octaves, [pitch.name(at) for at in octaves])
    spread.set(title="pitches, share of the notes")
    spread.legend()
    everything = Counter[int]()
    sounding = Counter[int]()
    first = Counter[str]()
    for one in sides.values():
        everything += one.lengths
        sounding += one.voices
        first += one.metres
    usual = sorted(ticks for ticks, _ in everything.most_common(12))
    _bars(lengths, [_quarters(ticks) for ticks in usual], [everything[ticks] for ticks in usual])
    lengths.set(title="lengths of events, in quarters")
    _bars(voices, [str(count) for count in sorted(sounding)], [sounding[count] for count in sorted(sounding)])
    voices.set(title="pitches that sound at a time, in events")
    common = first.most_common(10)
    _bars(metres, [metre for metre, _ in common], [count for _, count in common])
    metres.set(title="metres, in works")
    longest.hist([len(work.piece.events) for work in corpus.works], bins=30)
    longest.set(title="events a work")
    try:
        with atomic_file.replacing(path) as new:
            figure.savefig(new, dpi=110)
    finally:
        pyplot.close(figure)


def _bars(panel: Any, names: Sequence[str], counts: Sequence[int]) -> None:
    """Bars by places and not by names: matplotlib warns about names that are numbers."""
    panel.bar(range(len(names)), counts)
    panel.set_xticks(range(len(names)), names)
