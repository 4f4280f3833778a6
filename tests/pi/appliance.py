"""What an owner does to a Pi, done in the guest: install, play, pull the cable, kill, save settings; told in figures.

Law: a check fails by what the synth heard or did not hear, and by what bachd said; times are printed beside what is
wanted of a Pi, and fail nothing, for the machine below is none.

`python3 -m tests.pi.appliance short|full SEED CHECKS PACE`, as root in the guest, in a checkout with the wheels beside
it. CHECKS: names with commas between them, or 'all'. PACE: what `pace` says outside.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from time import monotonic

from tests.pi import boot, breaks, din, endurance, gadget, joining, leading, loudspeaker, pace, playing, service
from tests.pi.edits import edit
from tests.pi.synth import NAME, Synth
from tests.pi.waiting import GuestError, say

TEMPO = 120
BAR = 4 * 60 / TEMPO
"""Seconds of the longest bar that is usual in the chorales."""
SERIES = {"short": (3, 1.0), "full": (20, 17.0)}
"""How often cables are pulled and players killed, and for how many minutes music is played fast: 17 at 300 beats a
minute are an hour of it at bachd's own 84."""
_LATE = "the music waited for it"
"""What bachd says of a machine that is slow, which this one may be."""


def main(series: str, seed: int, only: str, outside: float) -> int:
    """Run the checks that are asked for; returns the exit status."""
    times, minutes = SERIES[series]
    rng = random.Random(seed)
    say(f"seed {seed}; the processor here is {pace.seconds() / outside:.0f} times slower than outside")
    service.CONFIG.parent.mkdir(exist_ok=True)
    settings = f"tempo: {TEMPO}\n"
    service.CONFIG.write_text(settings)
    synth = Synth()
    synth.plug()
    checks: dict[str, Callable[[], str]] = {
        "words": words,
        "replug": lambda: breaks.replug(synth, times, BAR, rng),
        "join": lambda: joining.join(synth, times, TEMPO, rng),
        "kill": lambda: breaks.kill(synth, times, BAR, rng),
        "program": lambda: breaks.kill_beside_program(synth),
        "hang": lambda: breaks.hang(synth),
        "edits": lambda: edit(synth, times * 3 // 2, rng),
        "clock": lambda: leading.follow(synth),
        "person": lambda: playing.play_along(synth, times),
        "long": lambda: endurance.endure(synth, minutes),
        "loudspeaker": lambda: loudspeaker.stand_in(synth, times, BAR, rng, 100 * times),
        "gadget": lambda: gadget.instrument(synth, times, 500 * times, rng),
        "din": din.play,
        "stop": lambda: stop(synth),
    }
    asked = only.split(",")
    if not _run("install", lambda: install(synth)):
        return 1
    passed = [_run(name, check) for name, check in checks.items() if name in asked or only == "all"]
    service.CONFIG.write_text(settings)
    boot.prepare()
    return 0 if all(passed) else 1


def install(synth: Synth) -> str:
    """From nothing to the first note."""
    begin = monotonic()
    service.install()
    ready = monotonic() - begin
    first = synth.first_onset(begin) - begin
    return f"READY after {ready:.0f} s, the first note after {first:.0f} s"


def words() -> str:
    """Whether the verbs tell what is the case."""
    status = service.answer("status")
    faults = [fault for fault in status["faults"] if _LATE not in fault["what"]]
    if NAME not in status["output"] or not status["events"] or status["restarts"] != 0 or faults:
        raise GuestError(f"bachd status says {status}")
    findings = {finding["name"]: finding for finding in service.answer("doctor", "--config", str(service.CONFIG))}
    worse = [finding for finding in findings.values() if finding["state"] != "ok"]
    if worse or NAME not in findings["ports"]["seen"] or NAME not in findings["service"]["seen"]:
        raise GuestError(f"bachd doctor says {worse or findings}")
    return f"{status['piece']} on {status['output']}; doctor looked at {len(findings)} things, all are well"


def stop(synth: Synth) -> str:
    """systemd stops it while chords sound."""
    service.systemctl("restart", "bachd")
    synth.first_onset(monotonic(), service.PATIENCE)
    service.systemctl("stop", "bachd")
    synth.silence()
    if service.show("Result") != "success":
        raise GuestError(f"systemd says {service.show('Result')}")
    heard = synth.recording
    return f"0 notes hang, of {len(heard.onsets)} in all; {heard.doubled} began while they sounded"


def _run(name: str, check: Callable[[], str]) -> bool:
    begin = monotonic()
    try:
        told = f"ok    {name}: {check()}"
    except (GuestError, subprocess.SubprocessError) as fault:
        told = f"FAIL  {name}: {fault}"
        subprocess.run(["journalctl", "-u", "bachd", "-n", "20", "--no-pager", "-o", "short-monotonic"], check=False)
    say(f"{told} ({monotonic() - begin:.0f} s)")
    return told.startswith("ok")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
