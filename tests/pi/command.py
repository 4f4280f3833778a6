"""A command of one's own in the guest, with bachd installed as a service and the synth plugged in.

Law: `python` and `bachd` are what the service runs, and nobody listens at the synth's end: whoever wants to, may
(`amidi -l` shows it as f_midi).

`python3 -m tests.pi.command COMMAND`, as root, in a checkout with the wheels beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.pi import service
from tests.pi.synth import Cable

if __name__ == "__main__":
    Cable().plug()
    service.install()
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(service.PYTHON).parent), os.environ["PATH"]])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a command may start many a Python, and compiling takes its time
    sys.exit(subprocess.run(["bash", "-c", sys.argv[1]], env=environment, check=False).returncode)
