"""Start a JACK server on the dummy driver, with the period that is to be measured.

Law: it ends with whoever started it, and nothing else on the machine uses it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server(period: int) -> Iterator[None]:
    """A JACK server, which all that is started meanwhile takes for the default one."""
    name = f"bachd-halts-{os.getpid()}-{period}"
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
    realtime = not subprocess.run(["chrt", "-f", "20", "true"], capture_output=True, check=False).returncode
    command = ["jackd", *(("-R", "-P70") if realtime else ("-r",)), "-S", "-n", name]
    command += ["-d", "dummy", "-r", "48000", "-p", str(period)]
    if shutil.which("setpriv"):  # so that it does not outlive a measurement that is killed
        command[:0] = ["setpriv", "--pdeathsig", "TERM"]
    jackd = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        subprocess.run(
            ["jack_wait", "-s", name, "-w", "-t", "20"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        yield
    finally:
        jackd.terminate()
        jackd.wait()
