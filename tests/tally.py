"""Count what two runs of pytest have found, for one summary: a plugin that adds its counts to the file $BACHD_TALLY.

`python -m tests.tally FILE` prints the sum.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

OUTCOMES: Final = ("failed", "error", "passed", "skipped", "xfailed", "xpassed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add a line of counts."""
    counts = {outcome: len(terminalreporter.stats.get(outcome, [])) for outcome in OUTCOMES}
    if file := os.environ.get("BACHD_TALLY"):
        with Path(file).open("a", encoding="utf-8") as tally:
            tally.write(json.dumps(counts) + "\n")


def total(file: Path) -> Counter[str]:
    """The sum of all lines."""
    return sum((Counter(json.loads(line)) for line in file.read_text().splitlines()), Counter[str]())


def main() -> None:
    """Print the sum of a file."""
    found = total(Path(sys.argv[1]))
    said = ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES if found[outcome])
    sys.stdout.write(f"{said or 'none were run'}\n")


if __name__ == "__main__":
    main()
