"""What is looked at inside the booted image: a line says what was found; a fault ends it.

Law: it sees what an owner of the Pi sees, and does what an owner does.

`python3 -m tests.image.look WHAT PACE`, as root in the machine; WHAT is synth, as early as there can be one, and then
one of LOOKS. PACE: what tests.pi.pace says outside.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tests.pi import boot, pace, service, synth
from tests.pi.waiting import GuestError, say

PATIENCE = 600.0
"""Seconds after which something has failed, on a processor that may be emulated beside others."""
READONLY = "/opt/bachd/current/systemd/readonly"
TEMPO = {"card": 81, "later": 99}
"""Beats a minute: what the card has when it is made read-only, and what is saved then."""
_BEFORE, _AFTER = Path("/root/before"), Path("/root/after")
_FAVOURITE = Path("/var/lib/bachd/kept-by-the-check")
_ROOM = 3 << 30
"""Bytes that the root file system has once it has grown to a card of four gigabytes."""


def expect(truth: object, otherwise: str) -> None:
    """Raise GuestError unless it is so."""
    if not truth:
        raise GuestError(otherwise)


def out(*command: str) -> str:
    """What a command prints, whatever its exit status."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def plays() -> str:
    """The first note has reached the synth, and systemd says so of the service. Raises GuestError."""
    first = boot.first_note()
    status = service.answer("status")
    expect(synth.NAME in status["output"] and status["events"], f"bachd status says {status}")
    return f"the first note {first:.1f} s after the kernel began; {service.show('StatusText')!r}"


def bare() -> str:
    """Nobody has set anything up: it plays, and nobody can log in, here or from the network."""
    said = plays()
    out("cloud-init", "status", "--wait")
    fields = [line.split(":") for line in Path("/etc/shadow").read_text().splitlines()]
    open_ones = [name for name, password, *_ in fields if password[:1] not in ("*", "!")]
    expect(not open_ones, f"these can log in: {open_ones}")
    people = [entry.pw_name for entry in pwd.getpwall() if 1000 <= entry.pw_uid < 60000]
    expect(not people, f"there are accounts: {people}")
    expect(out("systemctl", "is-active", "ssh.service", "ssh.socket").split() == ["inactive"] * 2, "ssh is there")
    listening = [line.split()[3] for line in out("ss", "-Hlnt").splitlines()]
    far = [each for each in listening if not each.startswith(("127.", "[::1]"))]
    expect(not far, f"these listen to the network: {far}")
    grown()
    return f"{said}; no account, nothing listens; {healthy()}"


def grown() -> None:
    """The root file system has the size of the card."""
    size = os.statvfs("/")
    expect(size.f_blocks * size.f_frsize > _ROOM, f"the root file system has {size.f_blocks * size.f_frsize} bytes")


def healthy() -> str:
    """No unit has failed, and cloud-init has no error."""
    failed = out("systemctl", "list-units", "--failed", "--plain", "--no-legend")
    expect(not failed, f"these have failed: {failed}")
    state = json.loads(out("cloud-init", "status", "--format=json"))
    expect(not state["errors"], f"cloud-init says {state}")
    findings = [each for each in service.answer("doctor", "--config", str(service.CONFIG)) if each["state"] == "fault"]
    expect(not findings, f"doctor says {findings}")
    return f"cloud-init {state['extended_status']}"


def imager() -> str:
    """What is set in Imager is so; a new kernel leaves what has been added to the boot partition's files."""
    said = plays()
    out("cloud-init", "status", "--wait")
    groups = out("id", "-nG", "anna").split()
    expect({"sudo", "audio"} <= set(groups), f"anna is in {groups}")
    expect("anna" not in out("sh", "-c", "cat /etc/sudoers.d/*"), "anna needs no password")
    expect(not out("id", "-u", "pi"), "there is an account 'pi'")
    expect(out("hostname") == "violin", f"the host is called {out('hostname')}")
    expect(out("systemctl", "is-active", "ssh") == "active", "ssh is not there")
    expect(list(Path("/etc/ssh").glob("ssh_host_*_key")), "there are no host keys")
    expect('"home"' in out("netplan", "get", "wifis.wlan0.access-points"), "there is no Wi-Fi")
    expect(out("readlink", "/etc/localtime").endswith("Europe/Berlin"), "the time zone is another")
    config, cmdline = Path("/boot/firmware/config.txt"), Path("/boot/firmware/cmdline.txt")
    with config.open("a") as file:
        file.write("# bachd gadget: begin\n[all]\ndtoverlay=dwc2\n# bachd gadget: end\n")
    before = config.read_text(), cmdline.read_text().split()
    hook = "/etc/kernel/postinst.d/z50-raspi-firmware"
    for _ in range(2):
        subprocess.run([hook], env=os.environ | {"DEB_MAINT_PARAMS": "configure"}, check=True)
    expect(before == (config.read_text(), cmdline.read_text().split()), "what had been added is gone")
    expect("cfg80211.ieee80211_regdom=DE" in before[1], "Imager's words were not there")
    grown()
    return f"{said}; {healthy()}; {switch_on()}"


def root(folder: str = "/") -> str:
    """The file system that is mounted there, and whether it is for reading or writing."""
    kind, _, options = out("findmnt", "-no", "FSTYPE,OPTIONS", folder).partition(" ")
    return f"{kind} {options.strip().split(',')[0]}"


def layered() -> None:
    """Root is memory over the card, which is mounted for reading alone, and so is the boot partition."""
    found = {folder: root(folder) for folder in ("/", "/media/root-ro", "/boot/firmware")}
    expect(list(found.values()) == ["overlay rw", "ext4 ro", "vfat ro"], f"mounted are {found}")


def tempo() -> int:
    """The tempo that bachd plays at, by its settings."""
    return int(service.CONFIG.read_text().partition("tempo: ")[2].split()[0])


def save(beats: int) -> None:
    """Save a tempo as the page does: another file takes the place of this one."""
    new = service.CONFIG.with_name("config.new")
    new.write_text(f"tempo: {beats}\n")
    new.rename(service.CONFIG)
    _FAVOURITE.write_text(f"{beats}\n")
    subprocess.run(["sync"], check=True)


def readonly(word: str) -> str:
    """Switch it, and return what is said."""
    done = subprocess.run([READONLY, word], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"readonly {word} says {done.stderr}")
    return done.stderr.strip()


def switch_on() -> str:
    """From the next boot on, the card is left as it is."""
    save(TEMPO["card"])
    _BEFORE.touch()
    return readonly("on")


def overlay() -> str:
    """What is written now goes into memory."""
    said = plays()
    layered()
    expect(_BEFORE.exists() and tempo() == TEMPO["card"], f"the card lacks what was on it; the tempo is {tempo()}")
    _AFTER.touch()
    save(TEMPO["later"])
    return f"{said}; root is an overlay"


def overlay_again() -> str:
    """What was written is gone."""
    said = plays()
    layered()
    expect(not _AFTER.exists() and _BEFORE.exists(), "the card has been written to")
    expect(tempo() == TEMPO["card"], f"the tempo is {tempo()}")
    return f"{said}; what was written is gone; {readonly('off')}"


def writable() -> str:
    """The card is written to again."""
    said = plays()
    expect(root() == "ext4 rw", f"root is {root()}")
    expect(not _AFTER.exists() and tempo() == TEMPO["card"], f"the card is not as it was; the tempo is {tempo()}")
    return f"{said}; root is the card again; {switch_on()}"


def kept() -> str:
    """Settings are saved on another partition, and nothing else."""
    said = plays()
    layered()
    expect(os.path.ismount("/etc/bachd") and tempo() == TEMPO["card"], f"nothing is kept; the tempo is {tempo()}")
    _AFTER.touch()
    save(TEMPO["later"])
    return said


def missing() -> str:
    """That partition is not there: what is on the card is played."""
    said = plays()
    layered()
    expect(not os.path.ismount("/etc/bachd") and tempo() == TEMPO["card"], f"the tempo is {tempo()}")
    return f"{said}; with the settings of the card"


def kept_again() -> str:
    """They are still there."""
    said = plays()
    layered()
    expect(not _AFTER.exists(), "the card has been written to")
    expect(tempo() == TEMPO["later"] and _FAVOURITE.read_text() == f"{tempo()}\n", f"the tempo is {tempo()}")
    return f"{said}; settings were kept; {readonly('off')}"


def returned() -> str:
    """They are on the card."""
    said = plays()
    expect(root() == "ext4 rw", f"root is {root()}")
    expect(not os.path.ismount("/etc/bachd") and tempo() == TEMPO["later"], f"the tempo is {tempo()}")
    expect("bachd-kept" not in Path("/etc/fstab").read_text(), "fstab is not as it was")
    expect(_FAVOURITE.read_text() == f"{tempo()}\n", "the favourites are not on the card")
    return f"{said}; settings are on the card; {healthy()}"


LOOKS: dict[str, Callable[[], str]] = {
    "bare": bare,
    "imager": imager,
    "overlay": overlay,
    "overlay-again": overlay_again,
    "writable": writable,
    "kept": kept,
    "missing": missing,
    "kept-again": kept_again,
    "returned": returned,
}


def main(what: str, outside: float) -> int:
    """Look at one thing; returns the exit status. outside: what pace says of the machine that emulates this one."""
    service.PATIENCE = synth.PATIENCE = PATIENCE
    if what == "synth":
        boot.early()
    begin = monotonic()
    try:
        say(f"ok    {what}: {LOOKS[what]()} ({monotonic() - begin:.0f} s)")
        say(f"      the processor here is {pace.seconds() / outside:.0f} times slower than outside")
    except (GuestError, subprocess.SubprocessError, OSError, ValueError) as fault:
        say(f"FAIL  {what}: {fault}")
        subprocess.run(
            ["journalctl", "-b", "-p", "warning", "-n", "40", "--no-pager", "-o", "short-monotonic"], check=False
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
