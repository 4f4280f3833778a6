"""The page on the display of the guest: Debian's cage and chromium on a virtual graphics card, as a service.

Law: what is on the display is what the compositor gives to a screenshot; the unit and the script are as they are
installed.

`python3 -m tests.pi.kiosk`, as root in the guest bookworm-display, in a checkout with the wheels beside it. The last
picture of each view is left in the folder above.
"""

from __future__ import annotations

import pwd
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from tests.pi import service
from tests.pi.waiting import GuestError, say, wait_until

PATIENCE = 600.0
"""Seconds within which a browser that is emulated shows a page."""
STYLE = Path("bachd/page/style.css")
_UNIT = Path("/etc/systemd/system/bachd-kiosk.service")


def kiosk(*words: str) -> str:
    """Run `deploy.sh kiosk`; returns its last line. Raises GuestError."""
    done = subprocess.run(["./deploy.sh", "kiosk", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise GuestError(f"deploy.sh kiosk {' '.join(words)} left with {done.returncode}: {done.stderr}")
    return done.stderr.splitlines()[-1]


def picture() -> tuple[bytes, int]:
    """What is on the display, 3 bytes a pixel, and its width; nothing while nothing is."""
    number = pwd.getpwnam("bachd-kiosk").pw_uid
    command = ["runuser", "-u", "bachd-kiosk", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{number}"]
    command += ["WAYLAND_DISPLAY=wayland-0", "grim", "-t", "ppm", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    head = re.match(rb"P6\s(\d+)\s(\d+)\s255\s", done.stdout)
    return (done.stdout[head.end() :], int(head[1])) if head else (b"", 0)


def colours(pixels: bytes) -> dict[bytes, int]:
    """How many pixels have each colour."""
    found: dict[bytes, int] = {}
    for place in range(0, len(pixels), 3):
        found[pixels[place : place + 3]] = found.get(pixels[place : place + 3], 0) + 1
    return found


def named(*names: str) -> list[bytes]:
    """Colours of the style sheet by day."""
    text = STYLE.read_text()
    found = [re.search(rf"--{name}: #([0-9a-f]{{6}})", text) for name in names]
    return [bytes.fromhex(each[1]) for each in found if each]


def shows(wanted: Sequence[bytes]) -> bool:
    """Whether the display has the paper of the page, and one of the colours that are wanted."""
    found = colours(picture()[0])
    paper = any(found.get(each, 0) > 10_000 for each in named("paper", "ground"))
    return paper and any(each in found for each in wanted)


def clients() -> int:
    """How many browsers look at the page."""
    with urllib.request.urlopen("http://127.0.0.1:8080/metrics") as answer:
        found = re.search(r"^bachd_page_clients (\d+)", answer.read().decode(), re.MULTILINE)
    return int(found[1]) if found else 0


def appear(view: str, voices: bool) -> str:
    """Have a view shown, and wait until it is there and moves; returns how long that took."""
    begin = monotonic()
    said = kiosk(view)
    if f"the {view} is on the display" not in said:
        raise GuestError(f"deploy.sh kiosk {view} says {said}")
    wait_until(clients, PATIENCE, "the browser to open the page", 1.0)
    tones = named("v0", "v1", "v2", "v3") if voices else named("ink")
    wait_until(lambda: shows(tones), PATIENCE, f"the {view}", 2.0)
    took = monotonic() - begin
    before, width = picture()
    wait_until(lambda: picture()[0] not in (before, b""), PATIENCE, f"the {view} to move", 2.0)
    pixels, width = picture()
    head = f"P6 {width} {len(pixels) // 3 // width} 255\n".encode()
    Path("..", f"{view}.ppm").write_bytes(head + pixels)
    return f"{view}: {width} x {len(pixels) // 3 // width} after {took:.0f} s"


def session() -> str:
    """Whose session has the display."""
    told = subprocess.run(["loginctl", "--no-legend", "list-sessions"], capture_output=True, text=True, check=True)
    return " ".join(told.stdout.split())


def is_active(unit: str) -> bool:
    """Whether a unit runs."""
    return subprocess.run(["systemctl", "--quiet", "is-active", unit], check=False).returncode == 0


def main() -> int:
    """Show the page on the display, and take it away again; returns the exit status."""
    service.CONFIG.parent.mkdir(exist_ok=True)
    service.CONFIG.write_text("tempo: 60\nmidi: {output: none}\n")
    service.install()
    try:
        say(appear("roll", voices=True))
        if "bachd-kiosk seat0 tty1" not in session():
            raise GuestError(f"loginctl says {session()!r}")
        if is_active("getty@tty1"):
            raise GuestError("somebody may log in where the page is")
        subprocess.run(["systemctl", "kill", "--signal=KILL", "bachd-kiosk"], check=True)
        wait_until(lambda: not clients(), PATIENCE, "the browser to be gone", 1.0)
        wait_until(clients, PATIENCE, "the browser to come back after it was killed", 1.0)
        say("killed, and there again")
        say(appear("score", voices=False))
        say(kiosk("--off"))
        wait_until(lambda: not clients(), PATIENCE, "the browser to be gone", 1.0)
        if _UNIT.exists() or not is_active("getty@tty1") or not is_active("bachd"):
            raise GuestError("something is left of it, or nobody may log in, or the music has ended")
    except (GuestError, subprocess.SubprocessError) as fault:
        say(f"FAIL  kiosk: {fault}")
        subprocess.run(["journalctl", "-u", "bachd-kiosk", "-n", "40", "--no-pager", "-o", "cat"], check=False)
        return 1
    say("ok    kiosk")
    return 0


if __name__ == "__main__":
    sys.exit(main())
