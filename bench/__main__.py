"""python -m bench: strategies by conditions, one table and one plot.

Law: all strategies of a condition are measured in the same minutes, in short turns, so that whatever else disturbs this
machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bachd.errors import BachdError, OutputError
from bachd.midi.jack import destinations
from bachd.midi.sequencer import check_device
from bachd.service.loopback import System, listening
from bachd.service.progress import tell
from bachd.service.timing_figures import due_and_heard, figures, percentile
from bench.conditions import CONDITIONS
from bench.strategies import Strategy, real_time, strategies

_SPACING: Final = 0.02
_TURN: Final = 100
"""Notes that a strategy plays in one turn, unless only one is measured."""


@dataclass
class Cell:
    """What a strategy did under a condition; errors in milliseconds."""

    errors: list[float] = field(default_factory=list)
    intervals: list[float] = field(default_factory=list)
    """p99 of each turn."""
    drift: float = 0.0
    """The largest of any turn, in milliseconds."""
    wrong: int = 0
    """Messages lost or doubled, and notes left hanging."""

    def as_json(self) -> dict[str, Any]:
        """Its figures."""
        ranked = sorted(map(abs, self.errors)) or [float("nan")]
        shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}
        return {
            "messages": len(self.errors),
            **{name: round(percentile(ranked, share), 4) for name, share in shares.items()},
            "interval_p99": round(sorted(self.intervals)[len(self.intervals) // 2], 4) if self.intervals else None,
            "drift": round(self.drift, 3),
            "wrong": self.wrong,
        }


def measure(
    system: System, chosen: Sequence[Strategy], conditions: Sequence[str], notes: int
) -> dict[str, dict[str, Cell]]:
    """Cells by condition and strategy."""
    turn = notes if len(chosen) == 1 else min(_TURN, notes)
    cells: dict[str, dict[str, Cell]] = {}
    for condition in conditions:
        row = cells[condition] = {strategy.name: Cell() for strategy in chosen}
        with CONDITIONS[condition]():
            for round_ in range(-(-notes // turn)):
                shift = round_ % len(chosen)
                for strategy in (*chosen[shift:], *chosen[:shift]):
                    tell(f"{condition}, turn {round_ + 1} of {-(-notes // turn)}: {strategy.name}")
                    _turn(system, strategy, turn, row[strategy.name])
    tell("")
    return cells


def _turn(system: System, strategy: Strategy, notes: int, cell: Cell) -> None:
    if strategy.ours:
        gc.freeze()  # as `run` does
    with listening(system) as (where, ear):
        sent = strategy.run(where, system, _SPACING, range(notes + 1))
        heard = ear.result()
    gc.unfreeze()
    pairs = due_and_heard(sent, heard)
    if not pairs:
        cell.wrong += len(sent)
        return
    found = figures(sent, heard)
    cell.errors += [1e3 * (moment - due) for due, moment in pairs]
    cell.intervals.append(found.interval_p99)
    cell.drift = max(cell.drift, found.drift, key=abs)
    cell.wrong += found.lost + found.doubled + found.hanging


def table(cells: dict[str, dict[str, Cell]]) -> str:
    """Markdown: a row for each strategy, p50 / p99 in milliseconds for each condition."""
    names = list(next(iter(cells.values())))
    lines = [
        "| error where it arrives, ms: p50 / p99 | " + " | ".join(cells) + " | drift, idle | lost, doubled, hanging |",
        "| --- |" + " --- |" * (len(cells) + 2),
    ]
    for name in names:
        found = [row[name].as_json() for row in cells.values()]
        figures_of = " | ".join(f"{each['p50']:.3f} / {each['p99']:.3f}" for each in found)
        lines.append(f"| {name} | {figures_of} | {found[0]['drift']:+.2f} | {sum(each['wrong'] for each in found)} |")
    return "\n".join(lines)


def plot(cells: dict[str, dict[str, Cell]], path: Path) -> None:
    """A picture: for each condition and strategy, how many messages were off by more than so much."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(cells), 4), layout="constrained")
    for axes, (condition, row) in zip(
        figure.subplots(1, len(cells), sharey=True, squeeze=False)[0], cells.items(), strict=True
    ):
        for name, cell in row.items():
            ranked = sorted((max(abs(error), 1e-3) for error in cell.errors), reverse=True)
            width = 2.0 if name.startswith("bachd") else 1.0
            axes.plot(ranked, [(place + 1) / len(ranked) for place in range(len(ranked))], label=name, linewidth=width)
        axes.set(title=condition, xscale="log", yscale="log", xlabel="off by more than (ms)")
    axes.legend(fontsize="small")
    figure.axes[0].set(ylabel="share of messages")
    figure.savefig(path, dpi=120)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--system", choices=("alsa", "jack"), help="ALSA's sequencer where there is one, or JACK")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--notes", type=int, default=200, help="for each strategy under each condition (%(default)s)")
    length.add_argument("--seconds", type=float, help="the same as a time: 600 shows drift")
    parser.add_argument("--conditions", help=f"some of: {', '.join(CONDITIONS)}")
    parser.add_argument("--strategies", help="some of the table's names, or parts of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a picture (needs matplotlib)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    if options.plot:
        import matplotlib  # noqa: F401  (better now than after all has been measured)
    system = options.system or _system()
    notes = max(2, round(options.seconds / _SPACING) if options.seconds else options.notes)
    conditions = [each.strip() for each in options.conditions.split(",")] if options.conditions else list(CONDITIONS)
    parts = [each.strip() for each in options.strategies.split(",")] if options.strategies else [""]
    chosen = [each for each in strategies(system) if any(part in each.name for part in parts)]
    if not real_time():
        sys.stderr.write("no real-time priority here: FIFO means nothing in this table\n")
    cells = measure(system, chosen, conditions, notes)
    sys.stdout.write(table(cells) + "\n")
    if options.json:
        figures_of = {name: {each: cell.as_json() for each, cell in row.items()} for name, row in cells.items()}
        with closing(options.json.open("w")) as file:
            json.dump({"system": system, "notes": notes, "cells": figures_of}, file, indent=1)
    if options.plot:
        plot(cells, options.plot)
    return 1 if any(cell.wrong for row in cells.values() for cell in row.values()) else 0


def _system() -> System:
    try:
        check_device()
    except OutputError:
        destinations()
        return "jack"
    return "alsa"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BachdError as fault:
        sys.exit(f"bench: {fault}")
