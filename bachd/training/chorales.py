"""Bach's four-part chorales, as music21 bundles them.

Law: chorales that share a tune, in whatever key and with whatever words, are one group.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from bachd.music.event import TICKS, parse_line, print_line
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece
from bachd.training.corpus import CHORALES, Corpus, CorpusError, Work, cached, side
from bachd.training.kinship import tunes
from bachd.training.progress import progress

CREDIT: Final = (
    "Chorales by J. S. Bach (public domain), in encodings from the corpus of music21, distributed there with the "
    "permission of the encoders (Margaret Greentree and others); https://web.mit.edu/music21/"
)
_VERSION: Final = 2
"""Of the cache; raised when the cutting changes."""


def load() -> Corpus:
    """Read the chorales; the first time, parsing them takes some minutes. Raises CorpusError without music21."""
    try:
        import music21
    except ImportError as error:
        raise CorpusError("music21 is missing; in bachd's checkout, pip install '.[train]'") from error
    return assemble(cached(f"chorales-{music21.__version__}-{_VERSION}", _parse_all))


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


def assemble(rows: list[dict[str, Any]]) -> Corpus:
    """The corpus of parsed scores, as `_parse` describes them."""
    kept = [row for row in rows if "dropped" not in row]
    if not kept:
        raise CorpusError("music21's corpus holds no chorale that could be read; reinstall it: pip install music21")
    groups = tunes({row["name"]: row["melody"] for row in kept})
    works = []
    for row in kept:
        grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in row["changes"]), row["upbeat"])
        piece = Piece(row["name"], parse_line(row["events"]), grid)
        group = groups[row["name"]]
        works.append(Work(piece, group, side(group), title=row["title"]))
    dropped = tuple((row["name"], row["dropped"]) for row in rows if "dropped" in row)
    return Corpus(CHORALES, tuple(works), dropped, CREDIT, ("Public Domain",))
