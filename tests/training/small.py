"""A few bars of music as a corpus, and a network that learns them in seconds; as a program, one that learns them with
replicas: `mirrored` on two logical devices of the CPU, or as one of several `workers`, or with `none`. It prints how
many replicas there are, and how many events it has read itself.

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
    from collections.abc import Iterator
    from typing import Any

    import numpy as np

    from bachd.training import backend
    from bachd.training.fit import train as trainer
    from bachd.training.fit.data import stream
    from bachd.training.fit.dataset import EMPTY, Batch

    kind, run, weights = sys.argv[1:]
    if kind == "mirrored":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    else:
        strategy = backend.strategy(kind)
    sys.stdout.write(f"{strategy.num_replicas_in_sync if strategy else 1} replicas\n")
    read, batches = [0], stream.batches

    def counted(*arguments: Any, rng: Any = None, **more: Any) -> Iterator[Batch]:
        for batch in batches(*arguments, rng=rng, **more):
            read[0] += 0 if rng is None else int((batch.symbols[..., 0] != EMPTY).sum())  # of training, not measuring
            yield batch

    stream.batches = counted
    network = trainer.fit(corpus(), recipe(2, dropout=0.0), Path(run), strategy)
    sys.stdout.write(f"{read[0]} events\n")
    np.savez(weights, *network.get_weights())
