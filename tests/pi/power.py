"""Power that fails while settings are saved, or while another version is installed; then the Pi is switched on again.

Law: what was not on the disk is lost, as the kernel's own SysRq-b loses it. A turn passes if the next boot plays, with
settings that are whole: the last ones that were said to be saved, or those that were being saved.

`python3 -m tests.pi.power TURN SEED`, in a boot that `boot.prepare` was called before, tells of the turn before, and
lets the power fail again unless TURN is 0.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.pi import boot, service
from tests.pi.waiting import GuestError, say, wait_until

_HOST = Path("/host")
_KEPT = _HOST / "power.json"
"""On the disk of the machine that emulates this one, which keeps its power."""
_DEFAULTS = Path("config.yaml")
"""A part of every release, so that another comment there makes another release."""
_PAGE = "http://127.0.0.1:8080"
_SETTINGS = "# kept\ntempo: {}\n# whole\n"
_SAVING = 10.0
"""Seconds at most that settings are saved again and again."""
_MEANWHILE = 0.7
"""How likely it fails during an installation; otherwise it does so afterwards. The first is never interrupted."""
_AFTER = 8.0
"""Seconds at most after an installation; the kernel may keep what was written for thirty."""


@dataclass
class State:
    """What the next boot is to know: what may be in the file, and what was done."""

    tempos: list[int] = field(default_factory=list)
    what: str = ""
    installing: float = 0.0
    """Seconds that the first installation took."""

    def keep(self) -> None:
        """Write it down, in one step: the power may fail meanwhile."""
        new = _KEPT.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(_KEPT)


def main(turn: int, seed: int) -> int:
    """Tell of the turn before and begin this one; returns the exit status."""
    rng = random.Random(f"{seed} {turn}")
    state = State(**json.loads(_KEPT.read_text())) if _KEPT.exists() else State()
    try:
        told = _look(state)
    except (GuestError, subprocess.SubprocessError) as fault:
        say(f"FAIL  power: after it failed {state.what}: {fault}")
        subprocess.run(["journalctl", "-u", "bachd", "-n", "20", "--no-pager", "-o", "short-monotonic"], check=False)
        return 1
    if state.what:
        say(f"ok    power: after it failed {state.what}, {told}")
    if turn == 0:
        return 0
    if turn % 2:
        _save(state, rng)
    else:
        _install(state, rng)
    return 1  # not reached: the power is gone


def _look(state: State) -> str:
    """Whether it plays, and with what."""
    first = boot.first_note()
    text = service.CONFIG.read_text()
    if state.tempos and text not in [_SETTINGS.format(tempo) for tempo in state.tempos]:
        raise GuestError(f"one of the tempos {state.tempos} should be in {text!r}")
    status = service.answer("status")
    if not status["events"]:
        raise GuestError(f"bachd status says {status}")
    return f"the first note came {first:.0f} s after switching on, from {Path('/opt/bachd/current').readlink().name}"


def _save(state: State, rng: random.Random) -> None:
    """Save settings on the page until the power fails."""
    wait_until(_page_answers, service.PATIENCE, "the page", 0.2)
    tempo = rng.randrange(60, 240)
    service.CONFIG.write_text(_SETTINGS.format(tempo))
    subprocess.run(["sync"], check=True)
    seconds = rng.uniform(0, _SAVING)
    state.what = f"{seconds:.1f} s after saving began"
    state.tempos = [tempo]
    state.keep()
    threading.Timer(seconds, _fail).start()
    while True:
        after = 60 + (tempo - 59) % 180
        state.tempos = [tempo, after]
        state.keep()
        _ask("/api/settings", "PATCH", {"tempo": after})
        _ask("/api/settings/save", "POST")
        tempo = after


def _install(state: State, rng: random.Random) -> None:
    """Install another version; the power fails meanwhile, or soon after it plays."""
    with _DEFAULTS.open("a") as defaults:
        defaults.write(f"# {rng.random()}\n")
    if state.installing and rng.random() < _MEANWHILE:
        seconds = rng.uniform(0, state.installing)
        state.what = f"{seconds:.0f} s after an installation began"
        state.keep()
        threading.Timer(seconds, _fail).start()
    begin = monotonic()
    service.install()
    state.installing = state.installing or monotonic() - begin
    seconds = rng.uniform(0, _AFTER)
    state.what = f"{seconds:.1f} s after an installation was over"
    state.keep()
    sleep(seconds)
    _fail()


def _page_answers() -> bool:
    try:
        _ask("/api/settings", "GET")
    except URLError:
        return False
    return True


def _ask(path: str, method: str, data: object = None) -> None:
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json"} if body else {}
    with urlopen(Request(f"{_PAGE}{path}", body, headers, method=method), timeout=service.PATIENCE) as response:
        response.read()


def _fail() -> None:
    (_HOST / "status").write_text("0")  # of this boot, which ends as it should
    Path("/proc/sysrq-trigger").write_text("b")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
