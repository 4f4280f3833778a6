"""A MIDI clock that comes in through the sequencer, from a program that is no part of bachd.

Law: the music begins with the master's start, keeps to his clocks and is silent when he stops; how near to them it was
heard is told, beside how evenly he sent them, how evenly bachd is heard at a tempo of its own, and how punctually
anything wakes on such a machine.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, wait_until

_BPM = 100
_BEATS = 24
_CLOCK = 60 / (_BPM * 24)
"""Seconds between two clocks."""
_SETTINGS = "tempo: {tempo}\nexpression: {{humanise_ms: 0, ritardando: 0}}\n"
_MASTER = f"""
import json, os, time
import alsa_midi

client = alsa_midi.SequencerClient("Drum Machine")
port = client.create_port("out", caps=alsa_midi.READ_PORT)
port.connect_to(next(each for each in client.list_ports(output=True) if each.name == "bachd clock"))

def send(data):
    client.event_output(alsa_midi.MidiBytesEvent(data), port=port)
    client.drain_output()

os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(80))  # a drum machine has a processor of its own
send(b"\\xfa")
sent = [time.monotonic()]
for number in range({_BEATS * 24}):
    time.sleep(max(0.0, sent[0] + number * {_CLOCK} - time.monotonic()))  # his beat
    sent.append(time.monotonic())
    send(b"\\xf8")
send(b"\\xfc")
print(json.dumps(sent))
"""


def follow(synth: Synth) -> str:
    """A master starts, keeps a tempo and stops."""
    before = service.CONFIG.read_text()
    service.CONFIG.write_text(_SETTINGS.format(tempo="clock"))
    service.systemctl("restart", "bachd")
    synth.silence()
    asked = monotonic()
    with _floor() as woke:
        master = subprocess.Popen([service.PYTHON, "-c", _MASTER], stdout=subprocess.PIPE, text=True)
        synth.first_onset(asked, service.PATIENCE)
        said, _ = master.communicate()
    if master.returncode:
        raise GuestError("the master has failed")
    wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "silence after the master's stop")
    begin, *clocks = json.loads(said)
    heard = [onset for onset in synth.recording.onsets if onset > asked]
    alone = _alone(synth)
    service.CONFIG.write_text(before)
    last = max(heard) - begin
    told = (
        f"{len(heard)} notes in {_BEATS} beats at {_BPM} bpm, off the master's clocks by {_off(heard, begin)}, the "
        f"last {last:.1f} s after his start; he sent them off his own by {_off(clocks, begin)}; at its own tempo bachd "
        f"is off by {_off(alone, alone[0])}; a process that only sleeps wakes off by {_told(woke)}"
    )
    if last > _BEATS * 24 * _CLOCK + 1 or len(heard) < _BEATS:
        raise GuestError(told)
    return f"{told}; silent after his stop"


def _alone(synth: Synth) -> list[float]:
    """The onsets of as much music at the same tempo, which is bachd's own now."""
    service.CONFIG.write_text(_SETTINGS.format(tempo=_BPM))
    service.systemctl("restart", "bachd")
    begin = synth.first_onset(monotonic(), service.PATIENCE)
    sleep(_BEATS * 24 * _CLOCK)
    return [onset for onset in synth.recording.onsets if onset >= begin]


@contextmanager
def _floor() -> Iterator[list[float]]:
    """How late a process woke meanwhile that slept from clock to clock, in seconds; filled in at the end."""
    command = [service.PYTHON, "-m", "bachd.service.timing.wakeup", str(_CLOCK)]
    late: list[float] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield late
        said, _ = process.communicate()
    late += json.loads(said)["late"]


def _off(moments: list[float], begin: float) -> str:
    """How far moments are from a grid of clocks, of which their usual distance is taken away."""
    return _told([(moment - begin + _CLOCK / 2) % _CLOCK for moment in moments])


def _told(seconds: list[float]) -> str:
    usual = median(seconds)
    off = sorted(1e3 * abs(each - usual) for each in seconds)
    return f"{off[len(off) // 2]:.1f} ms (median), {off[len(off) * 99 // 100]:.1f} ms (99th percentile)"
