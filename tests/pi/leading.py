"""A MIDI clock that comes in through the sequencer, from a program that is no part of bachd.

Law: the music begins with the master's start, keeps to his clocks and is silent when he stops; how near to them it was
heard is told.
"""

from __future__ import annotations

import subprocess
from statistics import median
from time import monotonic

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, wait_until

_BPM = 150
_BEATS = 32
_CLOCK = 60 / (_BPM * 24)
"""Seconds between two clocks."""
_SETTINGS = "tempo: clock\nexpression: {humanise_ms: 0}\n"
_MASTER = f"""
import sys, time
import alsa_midi

client = alsa_midi.SequencerClient("Drum Machine")
port = client.create_port("out", caps=alsa_midi.READ_PORT)
port.connect_to(next(each for each in client.list_ports(output=True) if each.name == "bachd clock"))

def send(data):
    client.event_output(alsa_midi.MidiBytesEvent(data), port=port)
    client.drain_output()

send(b"\\xfa")
begin = time.monotonic()
for number in range({_BEATS * 24}):
    time.sleep(max(0.0, begin + number * {_CLOCK} - time.monotonic()))
    send(b"\\xf8")
send(b"\\xfc")
print(begin)
"""


def follow(synth: Synth) -> str:
    """A master starts, keeps a tempo and stops."""
    before = service.CONFIG.read_text()
    service.CONFIG.write_text(_SETTINGS)
    service.systemctl("restart", "bachd")
    synth.silence()
    asked = monotonic()
    master = subprocess.Popen([service.PYTHON, "-c", _MASTER], stdout=subprocess.PIPE, text=True)
    synth.first_onset(asked, service.PATIENCE)
    said, _ = master.communicate()
    if master.returncode:
        raise GuestError("the master has failed")
    wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "silence after the master's stop")
    service.CONFIG.write_text(before)
    heard = [onset - float(said) for onset in synth.recording.onsets if onset > asked]
    late = [onset / _CLOCK - round(onset / _CLOCK) for onset in heard]
    usual = median(late)
    off = sorted(1e3 * _CLOCK * abs(each - usual) for each in late)
    if max(heard) > _BEATS * 24 * _CLOCK + 1 or len(heard) < _BEATS:
        raise GuestError(f"{len(heard)} notes, the last {max(heard):.1f} s after the start")
    return (
        f"{len(heard)} notes in {_BEATS} beats at {_BPM} bpm, off the master's clocks by {off[len(off) // 2]:.1f} ms "
        f"(median), {off[len(off) * 99 // 100]:.1f} ms (99th percentile); silent after his stop"
    )
