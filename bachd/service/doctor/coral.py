"""Check the Coral Edge TPU: whether it is there, may be used, and has a library that fits.

Law: libedgetpu is never loaded here; one that does not fit the runtime would take doctor down with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bachd.config import Config
from bachd.service.doctor.machine import Finding, Machine

IDS: Final = {"1a6e:089a", "18d1:9302"}
"""On USB: before its first use, and from then on."""
_LIBRARY: Final = "libedgetpu.so.1"
_MAINTAINED: Final = "https://github.com/feranick/libedgetpu/releases"
_RULES: Final = "etc/udev/rules.d/*.rules", "usr/lib/udev/rules.d/*.rules", "lib/udev/rules.d/*.rules"


def coral(machine: Machine, config: Config) -> Finding:
    """Check the Edge TPU, and report the gravest fault first."""
    demanded = config.device == "edgetpu"
    if config.device == "cpu":
        return Finding("coral", "ok", "not used: device is cpu")
    device = _device(machine)
    if device is None and not list(machine.glob("dev/apex_*")):
        if demanded:
            todo = "plug it in, into a USB 3 port and without a hub, or set device: auto"
            return Finding("coral", "fault", "device is edgetpu, and no Coral is there", todo)
        return Finding("coral", "ok", "none is plugged in: the CPU composes")
    seen, todo = _trouble(machine, device)
    if not seen:
        return Finding("coral", "ok", "it is there, may be used, and its library is installed")
    return Finding("coral", "fault" if demanded else "note", f"it is there, but {seen}", todo)


def _device(machine: Machine) -> Path | None:
    """Return the Coral on USB, as sysfs shows it."""
    for vendor in machine.glob("sys/bus/usb/devices/*/idVendor"):
        folder = f"sys/bus/usb/devices/{vendor.parent.name}"
        if f"{machine.text(f'{folder}/idVendor')}:{machine.text(f'{folder}/idProduct')}" in IDS:
            return vendor.parent
    return None


def _trouble(machine: Machine, device: Path | None) -> tuple[str, str]:
    """Return what stands in its way, and what to do; two empty texts if nothing does."""
    if machine.library(_LIBRARY) is False:
        return f"{_LIBRARY} is not installed", f"install libedgetpu1-std from {_MAINTAINED}"
    for package, version in machine.debian("libedgetpu").items():
        if "TF" not in version.upper():
            return (
                f"{package} {version} is Google's own of 2021, which crashes with today's runtimes",
                f"sudo apt remove {package}, and install the maintained one from {_MAINTAINED}",
            )
    if device is None:
        return "", ""
    node = _node(machine, device)
    if node is None or not machine.may_use(node):
        return (
            f"this user may not use {node or 'its file below /dev/bus/usb'}",
            "install the udev rules (./deploy.sh install does), then unplug it and plug it in again",
        )
    missing = [number for number in sorted(IDS) if not _ruled(machine, number)]
    if missing:
        return (
            f"no udev rule names {' or '.join(missing)}: its USB number changes when it is first used",
            "install the udev rules for both (./deploy.sh install does)",
        )
    return "", ""


def _node(machine: Machine, device: Path) -> Path | None:
    try:
        bus, number = (int((device / name).read_text()) for name in ("busnum", "devnum"))
    except (OSError, ValueError):
        return None
    return machine.path(f"dev/bus/usb/{bus:03}/{number:03}")


def _ruled(machine: Machine, number: str) -> bool:
    vendor, product = number.split(":")
    texts = [path.read_text(errors="replace").lower() for pattern in _RULES for path in machine.glob(pattern)]
    return any(vendor in line and product in line for text in texts for line in text.splitlines())
