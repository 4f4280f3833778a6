"""The second boot: the Pi is switched on, with the synth on its USB port, and plays.

Law: the synth is plugged in as early as the kernel would find one, by a unit that waits for nothing that bachd does not
wait for; moments are those of the kernel's clock.

`python3 -m tests.pi.boot` tells of a boot that `prepare` was called before; `... early` is what the unit runs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.pi import pace, service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, say, wait_until

_HOME = Path("/opt/pi")
_TOLD = Path("/run/synth.json")
_UNIT = Path("/etc/systemd/system/synth.service")
_EARLY = f"""
[Unit]
DefaultDependencies=no
After=local-fs.target systemd-udevd.service systemd-modules-load.service

[Service]
WorkingDirectory={_HOME}
ExecStart=python3 -m tests.pi.boot early

[Install]
WantedBy=sysinit.target
"""


def prepare() -> None:
    """Let the next boot find a synth."""
    shutil.copytree("tests/pi", _HOME / "tests/pi", dirs_exist_ok=True)
    _UNIT.write_text(_EARLY)
    service.systemctl("--quiet", "enable", _UNIT.name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(_HOME)], check=True)
    subprocess.run(["sync"], check=True)


def early() -> None:
    """Plug the synth in, and write down when it was there and heard its first note."""
    synth = Synth()
    there = synth.plug()
    first = synth.first_onset(0.0, service.PATIENCE)
    _TOLD.with_suffix(".new").write_text(json.dumps([there, first]))
    _TOLD.with_suffix(".new").rename(_TOLD)
    synth.first_onset(float("inf"), 3600.0)


def first_note() -> float:
    """Wait for the first note of this boot; returns its moment. Raises GuestError if there is none in time."""
    return _told()[1]


def _told() -> tuple[float, float]:
    wait_until(_TOLD.exists, service.PATIENCE, "the first note", 1.0)
    there, first = json.loads(_TOLD.read_text())
    return there, first


def tell() -> None:
    """What the boot was like."""
    there, first = _told()
    started, ready = (int(service.show(f"{name}TimestampMonotonic")) / 1e6 for name in ("ExecMainStart", "ActiveEnter"))
    booted = subprocess.check_output(
        ["systemctl", "show", "multi-user.target", "--value", "--property=ActiveEnterTimestampMonotonic"], text=True
    )
    say(
        f"ok    boot: the first note at {first:.1f} s; the synth was there at {there:.1f} s, bachd was started at "
        f"{started:.1f} s and READY at {ready:.1f} s, multi-user.target was reached at {int(booted) / 1e6:.1f} s"
    )
    begin = max(there, started)
    say(f"      {first - begin:.2f} s from synth and process to the first note (wanted: 2 s on a Pi)")
    say(f"      the same work takes {pace.seconds():.2f} s here")


def main(words: list[str]) -> int:
    """Run what is asked for; returns the exit status."""
    try:
        early() if words == ["early"] else tell()
    except GuestError as fault:
        say(f"FAIL  boot: {fault}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
