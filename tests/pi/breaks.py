"""Cables that are pulled, players that are killed or hang, at moments that nobody chose.

Law: a break passes if the music comes back and no note of before it sounds on; how soon it came back is told.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
from pathlib import Path
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import NAME, Synth
from tests.pi.waiting import GuestError, figures, wait_until

WATCHDOG = 8.0
"""Seconds that the service may hang in these tests; sixty in its unit, as music may be slow."""
_PROGRAM = "aseqdump"
"""A program of alsa-utils that prints what is played to its port."""
_NOTE = re.compile(r"Note (on|off) +(\d+), note (\d+), velocity (\d+)")
_LAST = 10.0
"""Seconds that the last messages may be on their way to it."""
_SITE = Path("/run/bachd-hangs")
_HANG = Path("/var/lib/bachd/hang")
_HANGING = f'''
from pathlib import Path
from threading import Event
from bachd.neural.composer import Composer

def next_or_hang(self, _next=Composer.next):
    try:
        Path("{_HANG}").unlink()
    except FileNotFoundError:
        return _next(self)
    Event().wait()

Composer.next = next_or_hang
'''
"""Python reads this when it starts: whoever composes while a certain file is there never comes back."""


def replug(synth: Synth, times: int, bar: float, rng: random.Random) -> str:
    """The cable is pulled and put in again; the synth keeps what sounded when it was pulled."""
    waits, hanging = [], 0
    player = service.process()
    for _ in range(times):
        sleep(rng.uniform(0, 2 * bar))  # this is the random moment, and waits for nothing
        synth.unplug()
        sleep(rng.uniform(0, 2 * bar))
        there = synth.plug()
        onset = synth.first_onset(there, service.PATIENCE)
        waits.append(onset - there)
        hanging += synth.older(there)
    _none_hangs(hanging)
    if service.process() != player:
        raise GuestError("it is not the same process that plays")
    return (
        f"{times} of {times} joined again, 0 notes hang; the first note {figures(waits)} after the port was there "
        f"(wanted: 1 s and the wait for a bar, which has up to {bar:g} s)"
    )


def kill(synth: Synth, times: int, bar: float, rng: random.Random) -> str:
    """The player dies without a word, and systemd starts it again."""
    waits, started, hanging, restarts = [], [], 0, int(service.show("NRestarts"))
    for _ in range(times):
        player = service.process()
        sleep(rng.uniform(0, 2 * bar))
        dead = monotonic()
        os.kill(player, signal.SIGKILL)
        again, back, older = _back(synth, player)
        started.append(again - dead)
        waits.append(back - dead)
        hanging += older
    _none_hangs(hanging)
    if int(service.show("NRestarts")) != restarts + times:
        raise GuestError(f"systemd has started it {int(service.show('NRestarts')) - restarts} times, not {times}")
    return (
        f"{times} of {times} play again, 0 notes hang; the first note {figures(waits)} after SIGKILL (wanted: 3 s), "
        f"of which silence and systemd took {figures(started)}"
    )


def kill_beside_program(synth: Synth) -> str:
    """The player dies for good while it plays to a program, too, which has no raw device to be silenced through."""
    before = service.CONFIG.read_text()
    service.CONFIG.write_text(f"{before}midi: {{output: [{NAME}, {_PROGRAM}]}}\n")
    with subprocess.Popen([_PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        try:
            sounding = _follow(program)
            service.systemctl("restart", "bachd")
            synth.first_onset(monotonic(), service.PATIENCE)
            wait_until(lambda: sounding, service.PATIENCE, "a note at the program")
            os.kill(service.process(), signal.SIGKILL)
            service.systemctl("stop", "bachd")
            synth.silence()
            wait_until(lambda: not sounding, _LAST, f"the program's notes to end; {_PROGRAM} was left with them")
        finally:
            program.kill()
            service.CONFIG.write_text(before)
            service.systemctl("restart", "bachd")
    return "0 notes hang at the synth, and 0 at a program that plays beside it"


def _follow(program: subprocess.Popen[str]) -> set[tuple[str, str]]:
    """The notes that sound at a program, by channel and number, from now on."""
    sounding: set[tuple[str, str]] = set()

    def follow() -> None:
        assert program.stdout is not None
        for line in program.stdout:
            if found := _NOTE.search(line):
                kind, channel, note, velocity = found.groups()
                (sounding.add if kind == "on" and velocity != "0" else sounding.discard)((channel, note))

    threading.Thread(target=follow, daemon=True).start()
    return sounding


def hang(synth: Synth) -> str:
    """The whole process stands still, and then only the thread that composes: the watchdog sees both."""
    _SITE.mkdir(exist_ok=True)
    (_SITE / "sitecustomize.py").write_text(_HANGING)
    told = []
    with service.drop_in(f"WatchdogSec={WATCHDOG:g}\nEnvironment=PYTHONPATH={_SITE}"):
        for name, stop in (("SIGSTOP", _stop), ("a thread that composes for ever", _hang)):
            synth.first_onset(monotonic(), service.PATIENCE)
            player = service.process()
            began = monotonic()
            stop(player)
            wait_until(lambda: not Path("/proc", str(player)).exists(), service.PATIENCE, "the watchdog")  # noqa: B023
            seen = monotonic()
            _, back, older = _back(synth, player)
            _none_hangs(older)
            told.append(f"{name}: ended {seen - began:.1f} s later, the first note {back - seen:.1f} s after that")
    service.systemctl("restart", "bachd")
    return f"{'; '.join(told)} (wanted: ended within the watchdog's {WATCHDOG:g} s, then 3 s); 0 notes hang"


def _stop(player: int) -> None:
    os.kill(player, signal.SIGSTOP)


def _hang(_: int) -> None:
    _HANG.touch()


def _back(synth: Synth, player: int) -> tuple[float, float, int]:
    """When the next player is started and sounds its first note, and how many notes of the old one sound then."""
    wait_until(lambda: service.player() not in (None, player), service.PATIENCE, "systemd to start it again")
    again = monotonic()  # what the kernel's queue held died with its client: from here on only the next one plays
    onset = synth.first_onset(again, service.PATIENCE)
    return again, onset, synth.older(again)


def _none_hangs(notes: int) -> None:
    if notes:
        raise GuestError(f"{notes} notes hang")
