"""Plot a measured run: each message's error over time, and a histogram of the errors.

Law: whether it can be drawn is known before anything is measured.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from bachd.errors import UsageError, pip_install
from bachd.service.timing.measure import Timing


def check(path: Path) -> None:
    """Raises UsageError if no picture can be drawn, or not there."""
    if find_spec("matplotlib") is None:
        raise UsageError(f"--plot needs matplotlib: {pip_install('[plot]')}")
    if not path.resolve().parent.is_dir():
        raise UsageError(f"--plot: there is no folder {path.parent}")


def plot(timing: Timing, path: Path) -> None:
    """Write it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    over_time, sizes = figure.subplots(1, 2, width_ratios=(3, 1), sharey=True)
    errors = [error for _, error in timing.errors]
    over_time.plot([moment for moment, _ in timing.errors], errors, ".", markersize=2)
    over_time.axhline(timing.floor["p99"], color="grey", linewidth=0.8, label="p99 of the machine's floor")
    over_time.set(xlabel="seconds", ylabel="error (ms)", title=f"bachd through {timing.output}")
    over_time.legend()
    sizes.hist(errors, bins=60, orientation="horizontal")
    sizes.set(xlabel="messages")
    figure.savefig(path, dpi=150)
