"""Measure preparing and training on corpora of any size: `python -m bench.corpora prepare 400 1600`, `fit 700000`.

Law: each figure is that of a command of its own, with a cache of its own, over music that a seed fixes. Memory is that
of the largest process, and that of all processes of the command together at one moment: each page counts once (PSS).

`step 100` is the time of so many steps of the chorales' network, with TensorFlow or what KERAS_BACKEND names. `run VERB
...` measures any command of bachd-train, with the cache that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count as count_up
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

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
_DIFFERENT: Final = 512
_SHARD: Final = 256
_STEPS: Final = 200
"""Of an epoch, and batches that are measured afterwards: by then memory is as large as it gets."""
_CHORALES: Final = Path("models/chorales/train.yaml")
_WARM: Final = 20
_LOOK: Final = 0.5
"""Seconds between two looks at the processes of a command."""


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


def command(words: list[str], cache: Path | None = None) -> dict[str, float]:
    """Run Python, with a cache; returns its seconds, those of its processors, and its memory in MB."""
    begin, together = time.monotonic(), 0
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""} | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    with subprocess.Popen([sys.executable, *words], env=environment) as child:
        while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
            together = max(together, _memory(child.pid))
            time.sleep(_LOOK)
        _, status, used = ended
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{words[:3]} ended with {child.returncode}")
    return {
        "seconds": round(time.monotonic() - begin, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "MB": round(used.ru_maxrss / 1024),
        "together_MB": round(together / 1024),
    }


def _memory(process: int) -> int:
    """Return the kilobytes that a process and those it began hold; what several share counts once."""
    place, total = Path("/proc", str(process)), 0
    with suppress(OSError):
        rows = (line.split() for line in (place / "smaps_rollup").read_text().splitlines())
        total += sum(int(row[1]) for row in rows if row[0] == "Pss:")
        total += sum(
            _memory(int(child)) for file in place.glob("task/*/children") for child in file.read_text().split()
        )
    return total


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


def step(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Compute so many steps of the chorales' recipe, a few more before, which are not counted; in this process."""
    from bachd.music.form import written
    from bachd.training import recipe as recipes
    from bachd.training.fit import examples, train
    from bachd.training.fit.data import altered, background, stream
    from bachd.training.fit.data.records import pack
    from bachd.training.fit.run_state import RunState

    recipe = recipes.read(_CHORALES)
    packed = pack(((each, written.of(each)) for each in map(piece, range(60))), melodies=True)
    learn_from, _ = train._stepper(RunState(recipe, 100), recipe, None)

    def epochs() -> Iterator[Any]:
        crops: dict[str, Any] = {"batch_size": recipe.batch_size, "crop_length": recipe.crop_length}
        known, all_of_them = altered.voicings(packed), np.arange(len(packed))
        for epoch in count_up():
            shown = examples.shown(packed, all_of_them, recipe, known, (1, epoch))
            yield from stream.batches(packed, shown, **crops, rng=np.random.default_rng(epoch))

    batches = background.ahead(epochs())
    for count in counts:
        for batch in islice(batches, _WARM):
            learn_from(batch)
        wall, processor = time.monotonic(), time.process_time()
        for batch in islice(batches, count):
            learn_from(batch)
        yield {
            "step": count,
            "backend": os.environ.get("KERAS_BACKEND") or "tensorflow",
            "wall_ms": round((time.monotonic() - wall) / count * 1000, 1),
            "processor_ms": round((time.process_time() - processor) / count * 1000, 1),
        }


def export(counts: list[int]) -> Iterator[dict[str, Any]]:
    """Train on about so many events as `fit` does, and write the whole bundle."""
    for count in counts:
        with TemporaryDirectory() as place:
            words = ["-m", "bench.corpora", "learn", str(count), place, "export"]
            yield {"export": count, **command(words, Path(place))}


def learn(count: int, place: Path, *then: str) -> None:
    """Put about so many events into shards, and train on them, in this process; then export, too.

    What is composed are _DIFFERENT pieces; the others are these under other names, and their phrases are found once. An
    epoch ends after _STEPS steps.
    """
    from bachd.training.corpus.shards import store
    from bachd.training.fit import train
    from bachd.training.fit.data import piece_files, stream

    rows = [store.pack("", _row(seed)) for seed in range(_DIFFERENT)]
    total = max(3, round(count * len(rows) / sum(len(row["ticks"]) for row in rows)))
    shards = store.Store(place / "shards")
    for first in range(0, total, _SHARD):
        numbers = range(first, min(total, first + _SHARD))
        shards.add([rows[number % len(rows)] | {"key": str(number)} for number in numbers])
    batches = stream.batches
    stream.batches = lambda *packed, **how: islice(batches(*packed, **how), _STEPS)
    parts = piece_files._parts
    piece_files._parts = lambda pieces, melodies: _repeated(parts, pieces, melodies)
    sides = ("valid", "test", *("train",) * 8)
    works = [Work(shards[str(at)].piece(str(at)), str(at), sides[at % 10]) for at in range(total)]
    corpus = Corpus("bench", tuple(works), (), "", ())
    network = train.fit(corpus, _RECIPE, place / "run")
    stream.batches = batches
    if then:
        from bachd.training.export import bundle

        bundle.export(bundle.Source(network, _RECIPE, b"", corpus), place / "bundles" / "bench")


def _repeated(parts: Callable[..., Iterator[Any]], pieces: Sequence[Any], melodies: bool) -> Iterator[Any]:
    """Pack the different ones among some pieces, and yield them again and again: as many, in another order."""
    different = list({int(each.name) % _DIFFERENT: (each, ends) for each, ends in pieces}.values())
    packed = list(parts(different, melodies))
    rest = len(pieces)
    for part in cycle(packed):
        if rest < len(part):
            yield from parts(different[:rest], melodies) if rest else ()
            return
        yield part
        rest -= len(part)


def _row(seed: int) -> dict[str, Any]:
    """What reading a piece gives."""
    return {"events": [(event.starts, event.held, event.ticks) for event in piece(seed).events], "changes": [(0, 4, 4)]}


def main() -> None:
    """Print a line of JSON for each figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpora", description=__doc__)
    parser.add_argument("what", choices=("prepare", "fit", "export", "step"))
    parser.add_argument("counts", type=int, nargs="+", help="files to prepare, events to train on, or steps")
    if sys.argv[1:2] == ["learn"]:
        learn(int(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
        return
    if sys.argv[1:2] == ["run"]:
        print(json.dumps(command(["-m", "bachd.training.cli", *sys.argv[2:]])))  # noqa: T201
        return
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in {"prepare": prepare, "fit": fit, "export": export, "step": step}[options.what](options.counts):
        print(json.dumps(row), flush=True)  # noqa: T201  what it is for


if __name__ == "__main__":
    main()
