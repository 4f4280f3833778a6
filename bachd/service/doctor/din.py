"""Check the DIN sockets on a UART of a Raspberry Pi: what is set up, and what else has the UART.

Law: config.txt is read as the firmware does, but for its sections: a line for another board is taken for one of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bachd.service.doctor.machine import Finding, Machine

_UNIT: Final = "etc/systemd/system/bachd-din.service"
_BRIDGE: Final = re.compile(r"bachd\.midi\.din\.bridge (/dev/\S+)")
_OVERLAY: Final = re.compile(r"(?m)^dtoverlay=midi-uart([0-5])(?:-pi5)?\b")
_SWAPPED: Final = re.compile(r"(?m)^dtoverlay=(?:pi3-)?(?:miniuart|disable)-bt\b")
_CONFIG: Final = ("boot/firmware/config.txt", "boot/config.txt")


def din(machine: Machine) -> Iterator[Finding]:
    """Check them, on a Raspberry Pi or where they are set up."""
    bridge = _BRIDGE.search(machine.text(_UNIT) or "")
    config = next((text for name in _CONFIG if (text := machine.text(name)) is not None), None)
    if bridge is not None:
        yield _set_up(machine, bridge[1], config or "")
    elif config is not None and (machine.text("proc/device-tree/model") or "").startswith("Raspberry Pi"):
        yield _not_set_up(config)


def _not_set_up(config: str) -> Finding:
    if overlay := _OVERLAY.search(config):
        seen = f"a UART has the speed of DIN MIDI (midi-uart{overlay[1]} in config.txt), but nothing plays there"
        todo = f"./deploy.sh din uart{overlay[1]}, unless another program has it"
        return Finding("DIN", "note", seen, todo)
    return Finding("DIN", "ok", "no DIN sockets are set up; with a MIDI HAT: ./deploy.sh din uart0")


def _set_up(machine: Machine, device: str, config: str) -> Finding:
    name = device.removeprefix("/dev/")
    if not machine.path(device.removeprefix("/")).exists():
        seen = f"the DIN sockets are set up, but their UART, {device}, is not there"
        return Finding("DIN", "fault", seen, "sudo reboot, if they have just been set up; or ./deploy.sh din off")
    if name == "ttyAMA0" and _is_bluetooths(machine, config):
        seen = f"Bluetooth has {device}, the UART of the DIN sockets (serial0 and serial1 are swapped)"
        return Finding("DIN", "fault", seen, "./deploy.sh din off, ./deploy.sh din uart0, and sudo reboot")
    if re.search(rf"\bconsole={name}\b", machine.text("proc/cmdline") or ""):
        seen = f"Linux writes its own messages to {device}, which the DIN sockets play as wrong notes"
        return Finding("DIN", "fault", seen, "take console=serial0,115200 out of cmdline.txt, and sudo reboot")
    return Finding("DIN", "ok", f"the DIN sockets are the port 'DIN' ({device})")


def _is_bluetooths(machine: Machine, config: str) -> bool:
    """Return whether the firmware has given Bluetooth the UART: it does unless an overlay swaps them."""
    model = machine.text("proc/device-tree/model") or ""
    return re.search("Pi 3|Pi 4|Zero W|Zero 2 W", model) is not None and _SWAPPED.search(config) is None
