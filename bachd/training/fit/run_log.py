"""Log a run: log.csv, TensorBoard's events, and the learning curve as a picture.

Law: each epoch is written down once, when it is finished; a run that goes on adds to what is there.
"""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bachd import atomic_file
from bachd.training import disk
from bachd.training.evaluate.prediction import Score

_ROWS: Final = "log.csv"
_EVENTS: Final = "tensorboard"


class RunLog:
    """Write the log of the run in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events = _TensorBoard(folder / _EVENTS) if importlib.util.find_spec("tensorflow") else None

    def epoch(self, epoch: int, train: Score, valid: Score, *, rate: float, seconds: float) -> None:
        """Write down one epoch, counted from 1. rate: the learning rate at its end; seconds: what it took.

        Raises DiskError.
        """
        row = {
            "train_nll": round(train.event_nll, 4),
            "valid_nll": round(valid.event_nll, 4),
            "valid_note_accuracy": round(valid.note_accuracy, 4),
            "learning_rate": round(rate, 8),
            "seconds": round(seconds, 1),
        }
        file, kept = self._folder / _ROWS, f"epoch {epoch} itself is kept: make room, and the same command goes on"
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, ["epoch", *row])
        with disk.writing(file, kept):
            before = file.read_bytes() if file.exists() else b""
            if not before:
                writer.writeheader()
            writer.writerow({"epoch": epoch, **row})
            atomic_file.replace(file, before + out.getvalue().encode())
        if self._events is not None:
            with disk.writing(self._folder / _EVENTS, kept):
                self._events.write(epoch, row)


class _TensorBoard:
    """Write events for TensorBoard, which TensorFlow can."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._tf: Any = tf
        # tf.summary.scalar says just this, but only where the package tensorboard is, which nothing else needs.
        kinds = tf.compat.v1.SummaryMetadata
        self._scalar = kinds(plugin_data=kinds.PluginData(plugin_name="scalars"), data_class="DATA_CLASS_SCALAR")
        self._events = tf.summary.create_file_writer(str(folder))

    def write(self, step: int, row: Mapping[str, float]) -> None:
        """Write the figures of an epoch. Raises OSError."""
        try:
            with self._events.as_default(step=step):
                for name, value in row.items():
                    self._tf.summary.write(name, self._tf.constant(value, self._tf.float32), metadata=self._scalar)
            self._events.flush()
        except self._tf.errors.OpError as fault:
            raise OSError(str(fault).splitlines()[0].rpartition("; ")[2]) from fault


def plot(folder: Path) -> Path:
    """Draw the learning curve of the run in a folder; returns where the picture is. Raises DiskError."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    with (folder / _ROWS).open(newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> list[float]:
        return [float(row[name]) for row in rows]

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    axes.plot(column("epoch"), column("train_nll"), label="train (with dropout)")
    axes.plot(column("epoch"), column("valid_nll"), label="valid (averaged weights)")
    axes.set(xlabel="epoch", ylabel="nats an event", title=folder.name)
    axes.legend()
    out = folder / "curve.png"
    with disk.writing(out, "the trained network is kept, and can be exported"):
        figure.savefig(out, dpi=120)
    pyplot.close(figure)
    return out
