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
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from bachd.music import midifile
from bachd.music.metre import Grid
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece

_SCALE: Final = (0, 2, 4, 5, 7, 9, 11)
_RECIPE: Final = "name: bench\nwidth: 32\nhidden: 48\nepochs: 1\ngiven: 0.2\naltered: 0.2\n"
"""A network so small that what its training holds is the music."""
_LINES: Final = 160
"""Notes of each of the two lines of a piece."""


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
    """Run bachd-train with a cache; returns its seconds, those of its processors, and its largest process in MB."""
    begin = time.monotonic()
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen([sys.executable, "-m", "bachd.training.cli", *words], env=environment) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"bachd-train {words[0]} ended with {child.returncode}")
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
            yield {"prepare": count, **command(["prepare", "--corpus", str(music)], Path(place, "cache"))}


def fit(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Train for an epoch on about so many events."""
    for count in counts:
        with TemporaryDirectory() as place:
            files = max(3, round(count / len(piece(0).events)))
            music, recipe = folder(Path(place, "music"), files), Path(place, "bench.yaml")
            recipe.write_text(_RECIPE)
            command(["prepare", "--corpus", str(music)], Path(place, "cache"))
            words = ["fit", str(recipe), "--corpus", str(music), "--work", str(Path(place, "run"))]
            yield {"fit": count, "files": files, **command(words, Path(place, "cache"))}


def main() -> None:
    """Print a line of JSON for each figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpora", description=__doc__)
    parser.add_argument("what", choices=("prepare", "fit"))
    parser.add_argument("counts", type=int, nargs="+", help="files to prepare, or events to train on")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in {"prepare": prepare, "fit": fit}[options.what](options.counts):
        print(json.dumps(row), flush=True)  # noqa: T201  what it is for


if __name__ == "__main__":
    main()
