"""Measure preparing and training on corpora of any size: `python -m bench.corpora prepare 400 1600`, or `fit 90000`.

Law: each figure is that of a process of its own, with a cache of its own, over music that a seed fixes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from bachd.music import midifile
from bachd.music.metre import Grid
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, Work
from bachd.training.recipe import Recipe

_SCALE: Final = (0, 2, 4, 5, 7, 9, 11)
_RECIPE: Final = Recipe(width=32, hidden=48, epochs=1, given=0.2, altered=0.2)
"""A network so small that what its training holds is the music."""
_LINES: Final = 160
"""Notes of each of the two lines of a piece."""
_DIFFERENT: Final = 500
_SHARD: Final = 256
_STEPS: Final = 300
"""Of an epoch, and batches that are measured afterwards: what is mapped by then is as large as it gets."""


def piece(seed: int) -> Piece:
    """Compose two lines that wander through a scale, some of their notes doubled a third above: about 300 events."""
    random = Random(seed)
    tonic = random.randrange(12)
    notes = []
    for low in (36, 60):
        tick, degree = 0, random.randrange(7, 14)
        for _ in range(_LINES):
            length = random.choice((6, 6, 12, 12, 12, 24))
            degree = min(21, max(0, degree + random.choice((-2, -1, -1, 0, 1, 1, 2, 4, -4))))
            for above in (0, 2) if random.random() < 0.2 else (0,):
                octave, step = divmod(degree + above, 7)
                notes.append(Note(tick, tick + length, low + tonic + 12 * octave - 12 + _SCALE[step]))
            tick += length
    return Piece(f"{seed:06}", cut(notes), Grid())


def folder(place: Path, count: int) -> Path:
    """Write so many pieces as .mid files, a hundred to a sub-folder."""
    for seed in range(count):
        file = place / f"{seed // 100:04}" / f"{seed:06}.mid"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(midifile.write(piece(seed)))
    return place


def command(words: list[str], cache: Path) -> dict[str, float]:
    """Run Python with a cache; returns its seconds, those of its processors, and its largest process in MB."""
    begin = time.monotonic()
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen([sys.executable, *words], env=environment) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{words[:3]} ended with {child.returncode}")
    return {
        "seconds": round(time.monotonic() - begin, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "MB": round(used.ru_maxrss / 1024),
    }


def prepare(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Prepare folders of so many files."""
    for count in counts:
        with TemporaryDirectory() as place:
            music = folder(Path(place, "music"), count)
            yield {
                "prepare": count,
                **command(["-m", "bachd.training.cli", "prepare", "--corpus", str(music)], Path(place, "cache")),
            }


def fit(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Train on about so many events, for the first steps of an epoch."""
    for count in counts:
        with TemporaryDirectory() as place:
            words = ["-m", "bench.corpora", "learn", str(count), place]
            yield {"fit": count, **command(words, Path(place))}


def learn(count: int, place: Path) -> None:
    """Put about so many events into shards, and train on them, in this process.

    What is composed are _DIFFERENT pieces; the others are these under other names. An epoch ends after _STEPS steps.
    """
    from bachd.training.corpus.shards import store
    from bachd.training.fit import train
    from bachd.training.fit.data import stream

    rows = [store.pack("", _row(seed)) for seed in range(_DIFFERENT)]
    total = max(3, round(count * len(rows) / sum(len(row["ticks"]) for row in rows)))
    shards = store.Store(place / "shards")
    for first in range(0, total, _SHARD):
        numbers = range(first, min(total, first + _SHARD))
        shards.add([rows[number % len(rows)] | {"key": str(number)} for number in numbers])
    batches = stream.batches
    stream.batches = lambda *packed, **how: islice(batches(*packed, **how), _STEPS)
    sides = ("valid", "test", *("train",) * 8)
    works = [Work(shards[str(at)].piece(str(at)), str(at), sides[at % 10]) for at in range(total)]
    train.fit(Corpus("bench", tuple(works), (), "", ()), _RECIPE, place / "run")


def _row(seed: int) -> dict[str, Any]:
    """What reading a piece gives."""
    return {"events": [(event.starts, event.held, event.ticks) for event in piece(seed).events], "changes": [(0, 4, 4)]}


def main() -> None:
    """Print a line of JSON for each figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpora", description=__doc__)
    parser.add_argument("what", choices=("prepare", "fit"))
    parser.add_argument("counts", type=int, nargs="+", help="files to prepare, or events to train on")
    if sys.argv[1:2] == ["learn"]:
        learn(int(sys.argv[2]), Path(sys.argv[3]))
        return
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in {"prepare": prepare, "fit": fit}[options.what](options.counts):
        print(json.dumps(row), flush=True)  # noqa: T201  what it is for


if __name__ == "__main__":
    main()
