"""Draw the form of a piece as inline SVG.

Law: time runs from left to right in quarters, and where the opening ends that is not counted stands a dashed line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from bachd.music import pitch
from bachd.music.event import TICKS
from bachd.training.evaluate import plots
from bachd.training.evaluate.analysis import cadences, keys, themes
from bachd.training.evaluate.analysis.passage_analysis import Analysis

_COLOURS: Final = {
    cadences.PERFECT: plots.COLOURS[2],
    cadences.IMPERFECT: plots.COLOURS[2],
    cadences.HALF: plots.COLOURS[1],
    cadences.PLAGAL: plots.COLOURS[1],
    cadences.DECEPTIVE: plots.COLOURS[0],
    None: plots.INK,
}


def phrases(analysis: Analysis, name: str) -> str:
    """An arc for each phrase, over the quarters that it lasts, in the colour of the cadence that it ends with."""
    ends = [(point.tick / TICKS, analysis.cadence(point.index)) for point in analysis.rests]

    def draw(axes: Any) -> None:
        begin = analysis.passage.start / TICKS
        for end, kind in ends:
            at = np.linspace(0, np.pi, 40)
            middle, radius = (begin + end) / 2, (end - begin) / 2
            axes.plot(middle - radius * np.cos(at), 2 * radius * np.sin(at), color=_COLOURS[kind], linewidth=1.2)
            axes.annotate(f"{end - begin:g}", (middle, 2 * radius), ha="center", va="bottom", fontsize=7)
            begin = end
        axes.set(xlim=(0, analysis.passage.piece.ticks / TICKS), xlabel="quarters", ylabel="length", ylim=(0, None))
        _seam(axes, analysis)

    return plots.drawn(draw, 1.6, f"Phrases of {name}: {len(ends)}")


def key_path(analysis: Analysis, name: str) -> str:
    """The key of each quarter on the circle of fifths, home in the middle; minor keys are paler."""
    home = int(keys.SIGNATURES[analysis.home])
    away = (keys.SIGNATURES[analysis.path] - home + 6) % 12 - 6

    def draw(axes: Any) -> None:
        quarters = np.arange(len(away))
        minor = analysis.path >= 12
        for chosen, alpha in ((~minor, 0.9), (minor, 0.45)):
            axes.bar(quarters[chosen], 0.8, 1.0, away[chosen] - 0.4, color=plots.COLOURS[1], alpha=alpha, align="edge")
        axes.axhline(0, color=plots.INK, linewidth=0.4)
        axes.set(xlim=(0, len(away)), ylim=(-6.5, 6.5), xlabel="quarters", ylabel="fifths from home")
        _seam(axes, analysis)

    return plots.drawn(draw, 1.6, f"Keys of {name} over time, as fifths away from home")


def returning(analysis: Analysis, name: str) -> str:
    """The notes of the top line; those in a figure of eight that stood two bars before or earlier are coloured."""
    line = analysis.passage.top
    returns = themes.returning_notes(analysis.passage, line, 2)

    def draw(axes: Any) -> None:
        for chosen, colour, width in ((~returns, plots.INK, 1.0), (returns, plots.COLOURS[0], 2.2)):
            begins, lengths = line.onsets[chosen] / TICKS, line.gaps[chosen] / TICKS
            axes.hlines(line.pitches[chosen], begins, begins + lengths, color=colour, linewidth=width)
        low, high = int(line.pitches.min()), int(line.pitches.max())
        octaves = range(-(-low // 12) * 12, high + 1, 12)
        axes.set_yticks(list(octaves), [pitch.name(octave) for octave in octaves])
        axes.set(xlim=(0, analysis.passage.piece.ticks / TICKS), xlabel="quarters")
        _seam(axes, analysis)

    return plots.drawn(draw, 1.8, f"Top line of {name}; figures that return are coloured")


def _seam(axes: Any, analysis: Analysis) -> None:
    axes.axvline(analysis.passage.start / TICKS, color=plots.INK, linewidth=0.6, linestyle="--")


def shown(pieces: Sequence[Any], count: int) -> list[Any]:
    """Some pieces, evenly spread."""
    step = max(1, len(pieces) // count)
    return list(pieces[::step][:count])
