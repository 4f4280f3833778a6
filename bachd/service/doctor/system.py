"""Check what keeps music in time and a service running: limits, clocks, room on the disk.

Law: nothing here is a fault unless it ends the music.
"""

from __future__ import annotations

import shutil
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
    """Check whether a thread may get real-time priority: JACK wants it, and so does music on a busy machine."""
    seen = f"priority {_many(machine.rtprio)}, locked memory {_many(machine.memlock, 1024)} KB"
    if machine.rtprio == 0 and machine.user != 0:
        todo = "JACK wants it, and so does music on a busy machine: add '@audio - rtprio 95' and "
        todo += "'@audio - memlock unlimited' to /etc/security/limits.d/audio.conf, and log in again"
        return Finding("real time", "note", f"no thread of this user may have it ({seen})", todo)
    return Finding("real time", "ok", seen)


def _many(limit: int, unit: int = 1) -> str:
    return "unlimited" if limit < 0 else str(limit // unit)


def governor(machine: Machine) -> Finding:
    """Check how the processor chooses its speed."""
    found = {path.read_text().strip() for path in machine.glob("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")}
    if "powersave" in found and not machine.glob("sys/devices/system/cpu/intel_pstate/status"):
        todo = "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        return Finding("processor", "note", "governor powersave keeps it at its slowest", todo)
    return Finding("processor", "ok", f"governor {', '.join(sorted(found)) or 'not chosen by Linux'}")


def clock(machine: Machine) -> Finding:
    """Check what the kernel reads the time from."""
    source = machine.text(_CLOCKS)
    if source in _SLOW:
        todo = "see why in 'journalctl -k -g clocksource'; on a PC, tsc=reliable on the kernel's command line may help"
        return Finding("clock", "note", f"{source}, which is slow or coarse", todo)
    return Finding("clock", "ok", source or "not told by this system")


def disk(machine: Machine) -> Finding:
    """Check whether what bachd writes has room."""
    folder = next(path for path in (machine.path("var/lib/bachd"), machine.path("var"), machine.root) if path.is_dir())
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ROOM:
        return Finding(
            "disk", "note", f"{free} MB free", "make room: sudo apt clean; sudo journalctl --vacuum-size=50M"
        )
    return Finding("disk", "ok", f"{free} MB free")


def service(machine: Machine) -> Finding:
    """Check whether a bachd runs, and answers."""
    try:
        answer = status.ask()
    except StatusError as fault:
        if installed(machine):
            return Finding("service", "fault", str(fault), "see why it ended: journalctl -u bachd -n 50")
        return Finding("service", "ok", "bachd is no service here")
    return Finding("service", "ok", f"process {answer.get('pid')} plays to {answer.get('output')}")
