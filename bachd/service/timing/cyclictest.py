"""Run cyclictest of Debian's rt-tests, Linux's own measure of how late a thread wakes, where it is installed.

Law: it tunes nothing, so that what runs beside it is measured as it is; without the program, or the right to real-time
priority that it insists on, there is no figure.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from bachd.realtime.priority import SENDING

_MOST: Final = 100_000
"""Microseconds up to which it counts each apart."""


class Cyclictest:
    """A run of it, beside whatever is measured."""

    def __init__(self, spacing: float) -> None:
        """Start it, to sleep so many seconds each time."""
        self._process: subprocess.Popen[bytes] | None = None
        if program := shutil.which("cyclictest", path="/usr/bin:/usr/sbin:/usr/local/bin"):
            self._folder = tempfile.TemporaryDirectory(prefix="bachd-")
            self._told = Path(self._folder.name) / "told.json"
            how = f"--priority={SENDING} --interval={round(1e6 * spacing)} --histogram={_MOST} --json={self._told}"
            self._process = subprocess.Popen(
                [program, "--quiet", "--default-system", *how.split()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for this process
            )

    def result(self) -> list[float]:
        """End it; by how many seconds it woke late each time, in order. Nothing if it could not measure."""
        told = self._end()
        if told is None:
            return []
        try:
            (thread,) = json.loads(told)["thread"].values()
            late = [1e-6 * int(size) for size, times in thread["histogram"].items() for _ in range(times)]
            return sorted(late + [1e-6 * thread["max"]] * (thread["cycles"] - len(late)))
        except (ValueError, KeyError):  # it has another form than what it has been for years
            return []

    def close(self) -> None:
        """End it, whatever it has found; may be called again."""
        self._end()

    def _end(self) -> str | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(signal.SIGINT)
        process.wait()
        with self._folder:
            return self._told.read_text() if self._told.exists() else None
