"""Plot the table: for each condition, how far off each strategy's messages were.

Law: what is bachd's has a colour of its own, and everything says what it is where it stands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

OURS: Final = "#b3261e"
THEIRS: Final = "#3b5b7a"
_COLUMNS: Final = 3
_LEAST: Final = 1e-3
"""Milliseconds below which there is nothing to see."""

Figures = dict[str, dict[str, dict[str, float]]]
"""By condition, strategy and name: p50, p99, max, in milliseconds."""


def plot(figures: Figures, ours: set[str], title: str, path: Path) -> None:
    """Write it; `ours`: the strategies that are bachd's."""
    from matplotlib.figure import Figure

    rows = -(-len(figures) // _COLUMNS)
    strategies = list(next(iter(figures.values())))
    size = (11.0, 1.1 + rows * (0.7 + 0.27 * len(strategies)))
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).flat
    for axes, (condition, row) in zip(panels, figures.items(), strict=False):
        for height, (name, found) in enumerate(row.items()):
            _draw(axes, height, found, OURS if name in ours else THEIRS)
        axes.set_title(condition, fontsize=10)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    first = figure.axes[0]
    first.set(xscale="log", yticks=range(len(strategies)), yticklabels=strategies, ylim=(len(strategies) - 0.5, -0.5))
    first.set_xticks(ticks := [10.0**power for power in range(-3, 4)], [f"{tick:g}" for tick in ticks])
    first.minorticks_off()
    for axes in figure.axes:
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0, labelsize=9)
        for label in axes.get_yticklabels():
            label.set_color(OURS if label.get_text() in ours else "black")
    for axes in figure.axes[len(figures) :]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize=11)
    figure.supxlabel(
        "ms off where it arrives; dot: median, bar: to the 99th percentile, line: to the worst", fontsize=9
    )
    figure.savefig(path, dpi=100)


def _draw(axes: Any, height: int, found: dict[str, float], colour: str) -> None:
    """One strategy's line."""
    p50, p99, worst = (max(_LEAST, found[name]) for name in ("p50", "p99", "max"))
    axes.plot([p50, worst], [height, height], color=colour, linewidth=1)
    axes.plot([p50, p99], [height, height], color=colour, linewidth=5, alpha=0.55, solid_capstyle="butt")
    axes.plot([p50], [height], "o", color=colour, markersize=6)
    axes.plot([worst], [height], "|", color=colour, markersize=8)
