"""Measure in a process in which nothing else has run: what other tests leave there is no part of the figure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def in_fresh_process(module: str, function: str, argument: str) -> int:
    """Return what a function of a module returns there."""
    program = f"import sys; from {module} import {function} as measure; print(measure(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, argument],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(done.stdout)
