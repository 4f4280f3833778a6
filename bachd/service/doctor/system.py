"""Check real-time limits, the processor, the clock, disk space, a read-only card and the service.

Law: nothing here is a fault unless it ends the music.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Final

from bachd.errors import StatusError
from bachd.service.doctor.machine import Finding, Machine
from bachd.service.doctor.sound import installed
from bachd.service.telemetry import status

ROOM: Final = 100
"""MB that should be free: a journal, a .mid of some days."""

_CLOCKS: Final = "sys/devices/system/clocksource/clocksource0/current_clocksource"
_SLOW: Final = ("hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit")
"""Clocks that take microseconds to read, or tick coarsely."""


def realtime(machine: Machine) -> Finding:
    """Check that a thread may get real-time priority."""
    seen = f"priority {_many(machine.rtprio)}, locked memory {_many(machine.memlock, 1024)} KB"
    if machine.rtprio == 0 and machine.user != 0:
        todo = "JACK needs it, and so does music on a busy machine: add '@audio - rtprio 95' and "
        todo += "'@audio - memlock unlimited' to /etc/security/limits.d/audio.conf, and log in again"
        return Finding("real time", "note", f"not permitted for this user ({seen})", todo)
    return Finding("real time", "ok", seen)


def _many(limit: int, unit: int = 1) -> str:
    return "unlimited" if limit < 0 else str(limit // unit)


def governor(machine: Machine) -> Finding:
    """Check the governor of the processor's speed."""
    found = {path.read_text().strip() for path in machine.glob("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")}
    if "powersave" in found and not machine.glob("sys/devices/system/cpu/intel_pstate/status"):
        todo = "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        return Finding("processor", "note", "governor powersave keeps it at its lowest speed", todo)
    return Finding("processor", "ok", f"governor {', '.join(sorted(found)) or 'not controlled by Linux'}")


def clock(machine: Machine) -> Finding:
    """Check the kernel's clock source."""
    source = machine.text(_CLOCKS)
    if source in _SLOW:
        todo = "see why in 'journalctl -k -g clocksource'; on a PC, tsc=reliable on the kernel's command line may help"
        return Finding("clock", "note", f"{source}, which is slow or coarse", todo)
    return Finding("clock", "ok", source or "unknown on this system")


def disk(machine: Machine) -> Finding:
    """Check the free disk space."""
    folder = next(path for path in (machine.path("var/lib/bachd"), machine.path("var"), machine.root) if path.is_dir())
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ROOM:
        return Finding(
            "disk", "note", f"{free} MB free", "make room: sudo apt clean; sudo journalctl --vacuum-size=50M"
        )
    return Finding("disk", "ok", f"{free} MB free")


def card(machine: Machine) -> Iterator[Finding]:
    """Check what is kept, where `deploy.sh readonly` leaves the card as it is."""
    mounts = [line.split()[:3] for line in (machine.text("proc/self/mounts") or "").splitlines()]
    if ["overlayroot", "/", "overlay"] not in mounts:
        return
    if any(target == "/etc/bachd" for _, target, _ in mounts):
        yield Finding("card", "ok", "left as it is; settings, favourites and recordings are kept on another partition")
    else:
        todo = (
            "to keep them, make a partition with 'sudo mkfs.ext4 -L bachd-kept /dev/sda1', then readonly off, reboot, "
        )
        todo += "readonly on, reboot"
        seen = "left as it is: settings that are saved, and favourites, are gone at the next boot"
        yield Finding("card", "note", seen, todo)


def service(machine: Machine) -> Finding:
    """Check that the installed service runs and answers."""
    try:
        answer = status.ask()
    except StatusError as fault:
        if installed(machine):
            return Finding("service", "fault", str(fault), "to see why it ended: journalctl -u bachd -n 50")
        return Finding("service", "ok", "bachd is not installed as a service")
    return Finding("service", "ok", f"process {answer.get('pid')} is playing to {answer.get('output')}")
