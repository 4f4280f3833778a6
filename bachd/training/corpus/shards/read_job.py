"""Read some files of music in a process of its own, for a thread that may not be bounded and must not die of them.

Law: each file gives a row, whatever it does to the process that reads it.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from bachd import child_process
from bachd.training.corpus.read_file import read
from bachd.training.corpus.shards import store
from bachd.training.corpus.shards.store import Packed

DIED = "the process that read it died"
"""Why a file is left out that no process can read and live."""
_NO_ROOM: Final = os.EX_IOERR
"""What a process ends with that cannot write the file it is to read."""


class Job(NamedTuple):
    """A file to read."""

    key: str
    name: str
    ending: str
    """Such as '.mid'."""
    data: bytes


def run(version: str, jobs: Sequence[Job]) -> list[Packed]:
    """Read files here, whichever machine this is.

    Raises RuntimeError where another version of bachd is installed, or no file can be written.
    """
    if version != store.VERSION:
        raise RuntimeError(f"bachd here writes corpora of version {store.VERSION}, not {version}")
    command = child_process.command("bachd.training.corpus.shards.read_job")
    done = subprocess.run(
        command, env=child_process.inherited(), input=pickle.dumps(list(jobs)), stdout=subprocess.PIPE, check=False
    )
    if done.returncode == 0:
        rows: list[Packed] = pickle.loads(done.stdout)
        return rows
    if done.returncode == _NO_ROOM:
        raise RuntimeError(f"{socket.gethostname()} cannot write temporary files: make room there, or set TMPDIR")
    if len(jobs) == 1:
        return [store.pack(jobs[0].key, {"name": jobs[0].name, "dropped": DIED})]
    return [row for job in jobs for row in run(version, [job])]


def _read_all() -> None:
    rows = []
    for job in pickle.load(sys.stdin.buffer):
        try:
            with TemporaryDirectory() as folder:
                file = Path(folder, f"music{job.ending}")
                file.write_bytes(job.data)
                rows.append(store.pack(job.key, read(file, job.name)))
        except OSError:
            sys.exit(_NO_ROOM)
    sys.stdout.buffer.write(pickle.dumps(rows))


if __name__ == "__main__":
    _read_all()
