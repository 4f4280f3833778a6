"""A long time of fast music on a busy machine: is what the synth heard what bachd sent, and does bachd grow?

Law: what was sent is what bachd recorded itself, as a .mid; the two are compared note by note.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError

TEMPO = 300
_SENT = Path("/var/lib/bachd/sent.mid")
_SETTLED = 20.0
"""Seconds after which a run has all it needs."""
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
        sleep(_SETTLED)
        first = _size()
        sleep(max(0.0, begin + 60 * minutes - monotonic()))
        last = _size()
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
    told = (
        f"{len(sent)} notes on and off sent, {len(heard)} heard: {lost.total()} lost, {doubled.total()} too many; "
        f"memory {first[0] / 1024:.1f} MB, then {(last[0] - first[0]) / 1024:+.1f} MB (wanted: less than 1 MB more); "
        f"open files {first[1]}, then {last[1]}; handed over {1e3 * late['p99']:.1f} ms late (99th percentile)"
    )
    if lost or doubled or last[1] > first[1]:
        raise GuestError(told)
    return f"{minutes:g} minutes at {TEMPO} bpm: {told}; {_order(sent, heard)}"


def _order(sent: list[tuple[int, ...]], heard: list[tuple[int, int, int]]) -> str:
    return "in the same order" if sent == heard else "in another order within chords"


def _size() -> tuple[int, int]:
    """Resident memory in KB, and open files."""
    folder = Path("/proc", str(service.process()))
    (resident,) = (line.split()[1] for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(resident), len(list((folder / "fd").iterdir()))
