"""Whether a machine that stands still is noticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

from tests.pi.waiting import Stalls

PROGRAM = """
import sys
from time import monotonic
from tests.pi.waiting import Stalls
begin, stalls = monotonic(), Stalls()
print("ready", flush=True)
for _ in sys.stdin:
    print(stalls.longest(begin), stalls.longest(monotonic()), flush=True)
"""


def test_a_process_that_was_stopped_knows_for_how_long() -> None:
    begin = monotonic()  # a stall begins at its last sign of life, which may be a while ago on a busy machine
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            os.kill(process.pid, signal.SIGSTOP)
            sleep(0.3)  # it is this time that is measured
            os.kill(process.pid, signal.SIGCONT)
            longest = 0.0
            while longest < 0.25:
                process.stdin.write("\n")
                process.stdin.flush()
                longest, later = map(float, process.stdout.readline().split())
            assert longest < monotonic() - begin
            assert later == 0.0
        finally:
            process.kill()


def test_without_a_stall_there_is_none() -> None:
    assert Stalls().longest(monotonic()) == 0.0
