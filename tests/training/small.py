"""A few bars of music as a corpus, and a network that learns them in seconds; as a program, a worker that does so.

Law: what two processes build from this is the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, Work
from bachd.training.recipe import Recipe, Seeds

CADENCE = parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 E3.B3.E4.G4 D3.A3.D4.F#4 G2.B3.D4.G4:2")


def work(name: str, split: str, semitones: int = 0, credit: str = "") -> Work:
    """The cadence five times, moved."""
    events = tuple(
        Event(tuple(p + semitones for p in e.starts), tuple(p + semitones for p in e.held), e.ticks)
        for e in CADENCE * 5
    )
    return Work(Piece(name, events, Grid()), name, split, credit)


def corpus() -> Corpus:
    """Two works to learn, one to choose by, one to test with."""
    rows = [("bwv1", "train", 0), ("bwv269", "train", 2), ("bwv2", "valid", -1), ("bwv3", "test", 3)]
    return Corpus("small", tuple(work(*row) for row in rows), (), "", ())


def recipe(epochs: int, **more: float) -> Recipe:
    """What the tests train."""
    seeds = Seeds(first=("bwv269",))
    return Recipe(
        name="small",
        width=16,
        hidden=24,
        epochs=epochs,
        crop_length=32,
        batch_size=2,
        ema_decay=0.5,
        seeds=seeds,
        **more,  # type: ignore[arg-type]  # only numbers
    )


if __name__ == "__main__":
    import numpy as np

    from bachd.training.fit import train as trainer
    from bachd.training.fit import train_step

    run, weights = map(Path, sys.argv[1:])
    network = trainer.fit(corpus(), recipe(2, dropout=0.0), run, train_step.strategy("workers"))
    np.savez(weights, *network.get_weights())
