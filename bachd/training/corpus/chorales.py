"""Load Bach's four-part chorales, as music21 bundles them.

Law: chorales that share a tune, in whatever key and with whatever words, are one group.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from bachd.errors import pip_install
from bachd.music.event import parse_line, print_line
from bachd.music.metre import Grid, Metre
from bachd.music.notes import cut
from bachd.music.piece import Piece
from bachd.training.corpus import music21_scores
from bachd.training.corpus.cache import cached
from bachd.training.corpus.model import Corpus, CorpusError, Work, drop_duplicates
from bachd.training.corpus.related import group_by_tune
from bachd.training.corpus.split import hash_split
from bachd.training.progress import progress

NAME: Final = "chorales"
CREDIT: Final = (
    "Chorales by J. S. Bach (public domain), in encodings from the corpus of music21, distributed there with the "
    "permission of the encoders (Margaret Greentree and others); https://web.mit.edu/music21/"
)
_VERSION: Final = 3
"""Of the cache; raised when the cutting changes."""


def load() -> Corpus:
    """Read the chorales; the first time, parsing them takes some minutes. Raises CorpusError without music21."""
    try:
        import music21
    except ImportError as error:
        raise CorpusError(f"music21 is missing; {pip_install('[train]')}") from error
    return assemble(cached(f"chorales-{music21.__version__}-{_VERSION}", _parse_all))


def _parse_all() -> list[dict[str, Any]]:
    found = paths()
    with ProcessPoolExecutor() as pool:
        return list(progress(pool.map(_parse, found, chunksize=4), "parsing scores", total=len(found), unit="score"))


def _parse(path: Path) -> dict[str, Any]:
    """Return one score as plain data, or the reason why it is left out."""
    from music21 import stream

    name = path.name.rsplit(".", 1)[0]
    try:
        score = music21_scores.parse(path)
    except Exception as error:  # noqa: BLE001  whatever one broken score raises, the others are still wanted
        return {"name": name, "dropped": f"cannot be parsed: {error}"}
    parts = list(score.getElementsByClass(stream.Part))
    if len(parts) != 4:
        return {"name": name, "dropped": f"{len(parts)} parts instead of 4"}
    lines = [music21_scores.part_notes(part) for part in parts]
    notes = [note for line, _ in lines for note in line]
    if not notes:
        return {"name": name, "dropped": "no notes"}
    changes, upbeat = music21_scores.bars(parts[0])
    return {
        "name": name,
        "title": music21_scores.title(score),
        "events": print_line(cut(notes)),
        "changes": changes,
        "upbeat": upbeat,
        "melody": lines[0][1],
    }


def fermatas() -> dict[str, list[int]]:
    """By chorale, the ticks at which the notes of its melody end that have a fermata; as slow as `load` at first.

    Raises CorpusError without music21.
    """
    try:
        import music21
    except ImportError as error:
        raise CorpusError(f"music21 is missing; {pip_install('[train]')}") from error
    rows = cached(f"fermatas-{music21.__version__}-{_VERSION}", _fermatas_of_all)
    return {row["name"]: row["ends"] for row in rows if row["ends"]}


def _fermatas_of_all() -> list[dict[str, Any]]:
    with ProcessPoolExecutor() as pool:
        found = paths()
        return list(progress(pool.map(_fermatas, found, chunksize=4), "parsing scores", total=len(found), unit="score"))


def _fermatas(path: Path) -> dict[str, Any]:
    from music21 import converter, stream

    name = path.name.rsplit(".", 1)[0]
    try:
        parts = list(converter.parse(path).getElementsByClass(stream.Part))
    except Exception:  # noqa: BLE001  such a score is none of the corpus
        return {"name": name, "ends": []}
    return {"name": name, "ends": music21_scores.fermatas(parts[0]) if parts else []}


def paths() -> list[Path]:
    """Return the files of Bach's scores in music21, in the order of the alphabet."""
    from music21 import corpus

    return sorted(Path(path) for path in corpus.getComposer("bach") if path.suffix in (".mxl", ".xml", ".krn"))


def assemble(rows: list[dict[str, Any]]) -> Corpus:
    """Build the corpus from parsed scores, as `_parse` describes them."""
    kept = [row for row in rows if "dropped" not in row]
    if not kept:
        raise CorpusError(
            "music21's corpus holds no chorale that could be read; reinstall it: "
            + pip_install("--force-reinstall", "music21")
        )
    groups = group_by_tune({row["name"]: row["melody"] for row in kept})
    works = []
    for row in kept:
        grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in row["changes"]), row["upbeat"])
        piece = Piece(row["name"], parse_line(row["events"]), grid)
        group = groups[row["name"]]
        works.append(Work(piece, group, hash_split(group), title=row["title"]))
    single, copies = drop_duplicates(works)
    dropped = tuple((row["name"], row["dropped"]) for row in rows if "dropped" in row)
    return Corpus(NAME, single, dropped + copies, CREDIT, (), free=True, by_bach=True)
