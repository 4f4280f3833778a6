"""Plot figures as inline SVG.

Law: a picture takes its ink from the page, so that it is read by day and by night, and says in words what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from html import escape
from io import StringIO
from typing import Any, Final

import numpy as np

from bachd.errors import UsageError, pip_install
from bachd.music import pitch
from bachd.music.event import TICKS, Event
from bachd.music.notes import join
from bachd.training.evaluate import style_statistics
from bachd.training.evaluate.event_arrays import Row
from bachd.training.evaluate.prediction import Bin

COLOURS: Final = ("#d9722b", "#3b7fc4", "#6a9a4a")
"""Of the model, of Bach, of what else there is."""
INK, PAPER = "#010203", "#040506"
"""Stand for the page's own colours until the picture is done."""
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bachd",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
}
_BLACK: Final = (1, 3, 6, 8, 10)
"""Pitch classes of the black keys."""


def reliability(table: Sequence[Bin]) -> str:
    """Plot calibration: how often the likeliest note is right, by its probability."""

    def draw(axes: Any) -> None:
        size = max(row.decisions for row in table)
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.6, linestyle="--")
        axes.plot([row.confidence for row in table], [row.accuracy for row in table], color=COLOURS[0])
        areas = [6 + 90 * row.decisions / size for row in table]
        axes.scatter([row.confidence for row in table], [row.accuracy for row in table], areas, color=COLOURS[0])
        axes.set(xlabel="how sure it was", ylabel="how often it was right", xlim=(0, 1), ylim=(0, 1), aspect="equal")

    return drawn(draw, 3.6, "How often the likeliest note was right, against how sure the model was of it")


def histograms(values: Mapping[str, Any], label: str) -> str:
    """Plot the distribution of each (arrays of one number a window), in common bins."""

    def draw(axes: Any) -> None:
        edges = np.histogram_bin_edges(np.concatenate(list(values.values())), 24)
        for (name, value), colour in zip(values.items(), COLOURS, strict=False):
            weights = np.full(len(value), 1 / len(value))
            axes.hist(value, edges, weights=weights, label=name, color=colour, alpha=0.55)
        axes.set(xlabel=label, ylabel="share of windows")
        axes.legend()

    return drawn(draw, 2.4, f"{label}: {' and '.join(values)}")


def bars(values: Mapping[str, Any], places: Sequence[str], label: str) -> str:
    """Shares of each, side by side at each place."""

    def draw(axes: Any) -> None:
        for index, (name, value) in enumerate(values.items()):
            shift = (index - (len(values) - 1) / 2) * 0.8 / len(values)
            axes.bar(np.arange(len(places)) + shift, value, 0.8 / len(values), label=name, color=COLOURS[index])
        axes.set(xlabel=label, ylabel="share")
        axes.set_xticks(range(len(places)), places)
        axes.legend()

    return drawn(draw, 2.4, f"{label}: {' and '.join(values)}")


def steps(rows: Mapping[str, Row]) -> str:
    """Plot the intervals of the highest voice."""
    counts = {name: style_statistics.intervals(row) for name, row in rows.items()}
    shares = {name: count / max(1, count.sum()) for name, count in counts.items()}
    places = [f"{step:+d}" if step % 3 == 0 and step else "" for step in range(-12, 13)]
    return bars(shares, places, "semitones that the highest voice moves")


def lengths(rows: Mapping[str, Row]) -> str:
    """Plot the durations of events."""
    usual, shares = style_statistics.lengths(rows.values(), 10)
    places = [str(Fraction(ticks, TICKS)) for ticks in usual]
    return bars(dict(zip(rows, shares, strict=True)), places, "length in quarter notes")


def keys(rows: Mapping[str, Row]) -> str:
    """A keyboard for each, the keys the darker the more often they are struck."""
    counts = {name: np.bincount(row.struck(0, len(row)), minlength=128) for name, row in rows.items()}
    used = np.flatnonzero(sum(counts.values()))
    low, high = (int(used[0]) // 12 * 12, int(used[-1]) // 12 * 12 + 12) if len(used) else (60, 72)

    def draw(axes: Any) -> None:
        for index, (name, count) in enumerate(counts.items()):
            base, most = -1.4 * index, max(1, count.max())
            for black in (False, True):
                for number in range(low, high):
                    if (number % 12 in _BLACK) is not black:
                        continue
                    octave, degree = divmod(number - low, 12)
                    left = 7.0 * octave + (degree + (degree > 4)) / 2
                    box = (left + 0.2, base + 0.4, 0.6, 0.6) if black else (left, base, 1, 1)
                    _key(axes, box, COLOURS[index], count[number] / most)
            axes.text(0, base + 1.05, name)
        for octave in range(low, high, 12):
            axes.text((octave - low) / 12 * 7 + 0.5, -1.4 * len(counts) + 1.15, pitch.name(octave), ha="center")
        axes.set(xlim=(-0.1, (high - low) / 12 * 7 + 0.1), ylim=(-1.4 * len(counts) + 1.1, 1.4))
        axes.axis("off")

    return drawn(draw, 0.8 * len(counts) + 0.3, f"How often each key is struck: {' and '.join(rows)}")


def _key(axes: Any, box: tuple[float, float, float, float], colour: str, share: float) -> None:
    from matplotlib.patches import Rectangle

    place, size = box[:2], box[2:]
    axes.add_patch(Rectangle(place, *size, facecolor=PAPER, edgecolor="none"))
    axes.add_patch(Rectangle(place, *size, facecolor=colour, edgecolor="none", alpha=share))
    axes.add_patch(Rectangle(place, *size, facecolor="none", edgecolor=INK, linewidth=0.4))


def roll(events: Sequence[Event], name: str, colour: str) -> str:
    """A piano roll: time from left to right, one line a note."""

    def draw(axes: Any) -> None:
        notes = list(join(events))
        if notes:
            low, high = min(note.pitch for note in notes) - 2, max(note.pitch for note in notes) + 2
            begins = [note.start / TICKS for note in notes]
            ends = [note.end / TICKS - 0.08 for note in notes]
            axes.hlines([note.pitch for note in notes], begins, ends, color=colour, linewidth=2.2)
            cs = [number for number in range(low, high + 1) if number % 12 == 0]
            axes.set(ylim=(low, high))
            axes.set_yticks(cs, [pitch.name(number) for number in cs])
            axes.grid(axis="y", color=INK, linewidth=0.3, alpha=0.4)
        axes.set(xlabel=f"quarter notes ({name})")

    return drawn(draw, 2.2, f"Piano roll: {name}")


def drawn(draw: Callable[[Any], None], height: float, words: str) -> str:
    """An SVG element as wide as its place; `height` in inches if that is five. Raises UsageError without matplotlib."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(f"matplotlib is missing; {pip_install('[train]')}") from error
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5, height), layout="constrained")
        draw(figure.subplots())
        out = StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(words)}"', 1)
