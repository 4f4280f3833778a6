"""Bach's four-part chorales, as music21 bundles them, cut into events and split by melody.

Law: the split depends on the music alone. Chorales that share a tune stay on one side of it, so that what is held out
has not been heard in another key or with other words; and everybody gets the same split every time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bachd.errors import BachdError
from bachd.music.event import TICKS, parse_line, print_line
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece
from bachd.training.progress import progress

SPLITS: Final = ("train", "valid", "test")
CREDIT: Final = (
    "Chorales by J. S. Bach (public domain), in encodings from the corpus of music21, distributed there with the "
    "permission of the encoders (Margaret Greentree and others); https://web.mit.edu/music21/"
)
_TUNE: Final = 12
"""Consecutive intervals of the soprano that make two chorales the same tune."""
_VERSION: Final = 2
"""Of the cache; raised when the cutting changes."""


class CorpusError(BachdError):
    """The corpus is not there or holds nothing that can be used."""

    exit_code = 69


@dataclass(frozen=True, slots=True)
class Chorale:
    """One piece of the corpus."""

    piece: Piece
    tune: str
    """Name of the first chorale with the same melody."""
    split: str
    """'train', 'valid' or 'test'."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was kept and what was not."""

    chorales: tuple[Chorale, ...]
    dropped: tuple[tuple[str, str], ...]
    """Names and reasons."""

    def pieces(self, split: str) -> list[Piece]:
        """The pieces on one side of the split."""
        return [chorale.piece for chorale in self.chorales if chorale.split == split]


def cache_folder() -> Path:
    """Where parsed scores are kept between runs: $XDG_CACHE_HOME/bachd or ~/.cache/bachd."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bachd"


def load() -> Corpus:
    """Read the corpus; the first time, parsing it takes some minutes. Raises CorpusError without music21."""
    try:
        import music21
    except ImportError as error:
        raise CorpusError("music21 is missing; in bachd's checkout, pip install '.[train]'") from error
    cache = cache_folder() / f"chorales-{music21.__version__}-{_VERSION}.json"
    try:
        rows = json.loads(cache.read_text())
    except (OSError, ValueError):
        rows = _parse_all()
        cache.parent.mkdir(parents=True, exist_ok=True)
        aside = cache.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(rows))
        aside.replace(cache)
    return _assemble(rows)


def _parse_all() -> list[dict[str, Any]]:
    from music21 import corpus

    paths = sorted(str(path) for path in corpus.getComposer("bach") if path.suffix in (".mxl", ".xml", ".krn"))
    with ProcessPoolExecutor() as pool:
        return list(progress(pool.map(_parse, paths, chunksize=4), "parsing scores", total=len(paths), unit="score"))


def _parse(path: str) -> dict[str, Any]:
    """One score as plain data, or the reason why it is left out."""
    from music21 import converter, stream

    name = Path(path).name.rsplit(".", 1)[0]
    try:
        score = converter.parse(path)
    except Exception as error:  # noqa: BLE001  whatever one broken score raises, the others are still wanted
        return {"name": name, "dropped": f"cannot be parsed: {error}"}
    parts = list(score.getElementsByClass(stream.Part))
    if len(parts) != 4:
        return {"name": name, "dropped": f"{len(parts)} parts instead of 4"}
    notes: list[Note] = []
    melody: list[int] = []
    for index, part in enumerate(parts):
        for item in part.stripTies().flatten().notes:
            start, end = _ticks(item.offset), _ticks(item.offset + item.quarterLength)
            for pitch in item.pitches if end > start else ():
                notes.append(Note(start, end, int(pitch.midi)))
            if index == 0 and end > start:
                melody.append(int(max(item.pitches).midi))
    if not notes:
        return {"name": name, "dropped": "no notes"}
    changes, upbeat = _bars(parts[0])
    events = cut(notes)
    title = score.metadata.bestTitle if score.metadata and score.metadata.bestTitle else ""
    return {
        "name": name,
        "title": "" if title.endswith((".mxl", ".xml", ".krn")) else title,
        "events": print_line(events),
        "changes": changes,
        "upbeat": upbeat,
        "melody": melody,
    }


def _ticks(quarters: float | Fraction) -> int:
    return round(quarters * TICKS)


def _bars(part: Any) -> tuple[list[tuple[int, int, int]], int]:
    """Metre changes as (tick, beats, unit), and the ticks of the upbeat."""
    measures = list(part.getElementsByClass("Measure"))
    changes: list[tuple[int, int, int]] = []
    for measure in measures:
        signature = measure.timeSignature
        if signature is None:
            continue
        change = (_ticks(measure.offset), int(signature.numerator), int(signature.denominator))
        if not changes or changes[-1][1:] != change[1:]:
            changes.append(change)
    if not changes or changes[0][0] != 0:
        changes.insert(0, (0, 4, 4))
    bar = Metre(*changes[0][1:]).bar
    first = _ticks(measures[0].duration.quarterLength) if measures else bar
    return changes, first if first < bar else 0


def _assemble(rows: list[dict[str, Any]]) -> Corpus:
    kept = [row for row in rows if "dropped" not in row]
    if not kept:
        raise CorpusError("music21's corpus holds no chorale that could be read; reinstall it: pip install music21")
    tunes = _tunes({row["name"]: row["melody"] for row in kept})
    chorales = []
    for row in kept:
        grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in row["changes"]), row["upbeat"])
        piece = Piece(row["name"], parse_line(row["events"]), grid)
        chorales.append(Chorale(piece, tunes[row["name"]], _side(tunes[row["name"]])))
    return Corpus(tuple(chorales), tuple((row["name"], row["dropped"]) for row in rows if "dropped" in row))


def _side(tune: str) -> str:
    """Eight tenths of the tunes train, one tenth chooses among models, one tenth tests; a hash decides which."""
    draw = int.from_bytes(hashlib.sha256(tune.encode()).digest()[:4], "big") % 10
    return {0: "test", 1: "valid"}.get(draw, "train")


def _tunes(melodies: dict[str, list[int]]) -> dict[str, str]:
    """The group of each melody: pieces that share _TUNE consecutive soprano intervals, directly or through others."""
    leader = {name: name for name in melodies}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    seen: dict[tuple[int, ...], str] = {}
    for name in sorted(melodies):
        for gram in _grams(melodies[name]):
            first, second = sorted((find(seen.setdefault(gram, name)), find(name)))
            leader[second] = first
    return {name: find(name) for name in melodies}


def _grams(melody: list[int]) -> Iterator[tuple[int, ...]]:
    steps = [after - before for before, after in pairwise(melody)]
    if len(steps) < _TUNE:
        yield tuple(steps)
    for start in range(len(steps) - _TUNE + 1):
        yield tuple(steps[start : start + _TUNE])


def report(corpus: Corpus) -> str:
    """What was kept, dropped and split, for people."""
    lines = []
    for split in SPLITS:
        pieces = corpus.pieces(split)
        events = [event for piece in pieces for event in piece.events]
        pitches = [pitch for event in events for pitch in event.sounding]
        lengths = Counter(event.ticks for event in events).most_common(6)
        tunes = len({chorale.tune for chorale in corpus.chorales if chorale.split == split})
        usual = ", ".join(f"{Fraction(ticks, TICKS)} ({count / len(events):.0%})" for ticks, count in lengths)
        lines.append(
            f"{split}: {len(pieces)} pieces of {tunes} tunes, {len(events)} events, MIDI notes "
            f"{min(pitches)} to {max(pitches)}; lengths in quarters: {usual}"
        )
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in corpus.dropped:
        reasons[reason].append(name)
    lines += [f"left out, {reason}: {len(names)} ({', '.join(names[:5])}...)" for reason, names in reasons.items()]
    return "\n".join(lines)


def pitch_range(pieces: Iterable[Piece]) -> tuple[int, int]:
    """Lowest and highest MIDI number in some pieces."""
    pitches = [pitch for piece in pieces for event in piece.events for pitch in event.sounding]
    return min(pitches), max(pitches)
