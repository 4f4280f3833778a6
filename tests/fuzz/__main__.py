"""`python -m tests.fuzz`: thousands of odd config.yaml and .mid files, on all cores.

Law: each case ends in time, within its memory, accepted or refused; what does not is kept, and shown.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Final

from tests.fuzz.worker import KINDS

BATCH: Final = 500
"""Cases for a process; then another one begins, so that memory that is lost is seen in none of them."""


def main() -> int:
    """Fuzz; 0 if all held, 1 if something did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed bachd odd files.")
    parser.add_argument(
        "--cases", type=int, default=20_000, metavar="N", help="in all, half of each kind (%(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbits(31), metavar="N", help="the same N, the same cases"
    )
    parser.add_argument(
        "--kept", type=Path, default=Path(tempfile.gettempdir()), metavar="DIR", help="for what is found"
    )
    options = parser.parse_args()
    begin = time.monotonic()
    found = 0
    told: dict[str, dict[str, float]] = {kind: {"accepted": 0, "refused": 0, "slowest": 0.0} for kind in KINDS}
    each = -(-options.cases // len(KINDS))
    batches = [(kind, first, min(BATCH, each - first)) for first in range(0, each, BATCH) for kind in KINDS]
    _say(f"seed {options.seed}: {each} cases of {' and '.join(KINDS)} each")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(_batch, kind, options.seed + first, cases, folder) for kind, first, cases in batches]
        for done, future in enumerate(as_completed(running), 1):
            kind, figures, fault, case = future.result()
            if fault:
                found += 1
                kept = options.kept / f"found-{found}.{'yaml' if kind == 'config' else 'mid'}"
                kept.write_bytes(case)
                _say(f"{fault}\na {kind} that does not hold is kept as {kept}")
            for name, figure in figures.items():
                told[kind][name] = max(told[kind][name], figure) if name == "slowest" else told[kind][name] + figure
            _say(f"{done} of {len(batches)} batches, {time.monotonic() - begin:.0f} s")
    for kind, sums in told.items():
        total = sums["accepted"] + sums["refused"]
        _say(
            f"{kind}: {total:.0f} cases, {sums['accepted']:.0f} accepted, {sums['refused']:.0f} refused, "
            f"the slowest took {sums['slowest']:.2f} s"
        )
    _say(f"{found} that did not hold")
    return min(found, 1)


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _batch(kind: str, number: int, cases: int, folder: str) -> tuple[str, dict[str, Any], str, bytes]:
    """Have a process try cases; its figures, or what it says that went wrong, and the case."""
    home = Path(tempfile.mkdtemp(dir=folder))
    command = [sys.executable, "-m", "tests.fuzz.worker", kind, str(number), str(cases), str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return kind, json.loads(done.stdout), "", b""
    case = home / "case"
    return kind, {}, f"{done.stderr}(exit code {done.returncode})", case.read_bytes() if case.exists() else b""


if __name__ == "__main__":
    sys.exit(main())
