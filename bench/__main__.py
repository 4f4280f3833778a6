"""Compare strategies under conditions, in one table and one plot: `python -m bench`.

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
from bachd.midi.alsa.kernel_sequencer import check_device
from bachd.midi.jack.output import destinations
from bachd.service.progress import tell
from bachd.service.timing.figures import due_and_heard, figures
from bachd.service.timing.loopback import System, listening
from bachd.summary_statistics import percentiles
from bench.conditions import CONDITIONS
from bench.plot import Figures, plot
from bench.strategies import Strategy, real_time, strategies

_SPACING: Final = 0.02
_TURN: Final = 100
"""Notes that a strategy plays in one turn, unless only one is measured."""
_ATTEMPTS: Final = 3


@dataclass
class Cell:
    """Results of a strategy under a condition; errors in milliseconds."""

    errors: list[float] = field(default_factory=list)
    intervals: list[float] = field(default_factory=list)
    """p99 of each turn."""
    drift: float = 0.0
    """The largest of any turn, in milliseconds."""
    wrong: int = 0
    """Messages lost or doubled, and notes left hanging."""

    def as_json(self) -> dict[str, Any]:
        """Its figures."""
        return {
            "messages": len(self.errors),
            **percentiles(list(map(abs, self.errors))),
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
                    _attempt(system, strategy, turn, row[strategy.name])
    tell("")
    return cells


def _attempt(system: System, strategy: Strategy, notes: int, cell: Cell) -> None:
    """Measure one turn; repeat it if JACK refuses a client, as it does on a busy machine."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            return _turn(system, strategy, notes, cell)
        except OutputError:
            if not left:
                raise
    return None


def _turn(system: System, strategy: Strategy, notes: int, cell: Cell) -> None:
    if strategy.ours:
        # As `run` does. But nobody asks for priority: in `run` all threads that compute have it, and a busy one that
        # has none may have to wait for its turn while it holds Python's lock.
        gc.freeze()
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


def table(figures_of: Figures, ours: set[str], wrong: dict[str, int], notes: int) -> str:
    """Markdown: a row for each strategy, p50 / p99 in milliseconds for each condition."""
    conditions = list(figures_of)
    more = ["p99 to idle's, at most", "drift, idle", "lost, doubled, hanging"]
    lines = [
        f"| ms, p50 / p99 of {notes} notes | {' | '.join(conditions + more)} |",
        "|" + " --- |" * (1 + len(conditions) + len(more)),
    ]
    for name in next(iter(figures_of.values())):
        row = [figures_of[condition][name] for condition in conditions]
        idle = figures_of.get("idle", {}).get(name)
        cells = [name, *(f"{_short(each['p50'])} / {_short(each['p99'])}" for each in row)]
        cells.append(f"{max(each['p99'] for each in row) / idle['p99']:.2f}" if idle else "-")
        cells += [f"{idle['drift']:+.3f}" if idle else "-", str(wrong[name])]
        lines.append(f"| {' | '.join(f'**{cell}**' if name in ours else cell for cell in cells)} |")
    return "\n".join(lines)


def _short(milliseconds: float) -> str:
    """Format with the significant digits."""
    digits = 3 if milliseconds < 0.1 else 2 if milliseconds < 10.0 else 1 if milliseconds < 100.0 else 0
    return f"{milliseconds:.{digits}f}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--system", choices=("alsa", "jack"), help="ALSA's sequencer where there is one, or JACK")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--notes", type=int, default=300, help="for each strategy under each condition (%(default)s)")
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
    figures_of = {name: {each: cell.as_json() for each, cell in row.items()} for name, row in cells.items()}
    ours = {strategy.name for strategy in chosen if strategy.ours}
    wrong = {strategy.name: sum(row[strategy.name].wrong for row in cells.values()) for strategy in chosen}
    sys.stdout.write(table(figures_of, ours, wrong, notes) + "\n")
    if options.json:
        with closing(options.json.open("w")) as file:
            json.dump({"system": system, "notes": notes, "cells": figures_of}, file, indent=1)
    if options.plot:
        title = f"{notes} notes {1e3 * _SPACING:g} ms apart, through {system.upper()}"
        plot(figures_of, ours, title, options.plot)
    return 1 if any(wrong.values()) else 0


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
