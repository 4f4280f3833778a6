"""A long time of fast music on a busy machine: is what the synth heard what bachd sent, and does bachd grow?

Law: what was sent is what bachd recorded itself, as a .mid; the two are compared note by note.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError

TEMPO = 300
_SENT = Path("/var/lib/bachd/sent.mid")
_SETTLING = 60.0
"""Seconds after which the run and its page have all that they need, on an emulated Pi, too."""
_MOST = 1024
"""KB by which each process of the service may grow after that."""
_READ = """
import json, sys, mido
notes = [message.bytes() for message in mido.MidiFile(sys.argv[1]) if message.type in ("note_on", "note_off")]
json.dump([[status, note, velocity if status >= 0x90 else 0] for status, note, velocity in notes], sys.stdout)
"""


def endure(synth: Synth, minutes: float) -> str:
    """Play for so long, with a busy process for each of the guest's two processors."""
    service.systemctl("stop", "bachd")
    synth.silence()
    service.CONFIG.write_text(f"tempo: {TEMPO}\nmidi: {{output: [auto, 'file:{_SENT}']}}\n")
    before = len(synth.recording.notes)
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2)]
    try:
        service.systemctl("start", "bachd")
        begin = synth.first_onset(monotonic(), service.PATIENCE)
        sleep(max(0.0, begin + _SETTLING - monotonic()))
        first = _sizes()
        sleep(60 * minutes)
        last = _sizes()
        late = service.answer("status")["lateness"]
        stopped = len(synth.recording.notes)  # what was on its way to the synth by then, the file has not
        service.systemctl("stop", "bachd")
    finally:
        for each in busy:
            each.kill()
            each.wait()
    synth.silence()
    heard = synth.recording.notes[before:]
    sent = [tuple(note) for note in json.loads(subprocess.check_output([service.PYTHON, "-c", _READ, str(_SENT)]))]
    lost, doubled = Counter(sent) - Counter(heard), Counter(synth.recording.notes[before:stopped]) - Counter(sent)
    growth = {name: size.memory - first[name].memory for name, size in last.items() if name in first}
    grown = ", ".join(f"{name} {first[name].memory / 1024:.1f} MB {more:+} KB" for name, more in growth.items())
    told = (
        f"{len(sent)} notes on and off sent, {len(heard)} heard: {lost.total()} lost, {doubled.total()} too many; "
        f"memory of its own after {_SETTLING:g} s, and growth since: {grown} (wanted: less than 1 MB); "
        f"open files {_files(first)}, then {_files(last)}; "
        f"handed over {1e3 * late['p99']:.1f} ms late (99th percentile)"
    )
    if lost or doubled or first.keys() != last.keys() or max(growth.values()) >= _MOST or _files(last) > _files(first):
        raise GuestError(told)
    return f"{minutes:g} minutes at {TEMPO} bpm: {told}; {_order(sent, heard)}"


def _order(sent: list[tuple[int, ...]], heard: list[tuple[int, int, int]]) -> str:
    return "in the same order" if sent == heard else "in another order within chords"


@dataclass(frozen=True, slots=True)
class _Size:
    """What a process has for itself. Pages of libraries do not count: they are the file's, and touched one by one."""

    memory: int
    """Anonymous memory in KB, what was swapped out included."""
    files: int
    """Open files."""


def _sizes() -> dict[str, _Size]:
    """Of the process that plays, and of that which serves the page, by name and number."""
    found = {}
    for number in service.processes():
        folder = Path("/proc", str(number))
        sizes = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        memory = sum(int(sizes[name].split()[0]) for name in ("RssAnon", "VmSwap"))
        found[f"{sizes['Name'].strip()} {number}"] = _Size(memory, len(list((folder / "fd").iterdir())))
    return found


def _files(sizes: dict[str, _Size]) -> int:
    """Open files of all."""
    return sum(size.files for size in sizes.values())
