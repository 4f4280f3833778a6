"""A machine that boots a card: QEMU, which does what a Pi's firmware does with config.txt and cmdline.txt.

Law: the system on the card is the image's; what looks at it comes in as credentials of systemd's, and from a folder
that is shared, and is gone with the machine.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

from tests.image.card import Card
from tests.pi.waiting import GuestError, say

SHARED = "/run/host"
_BOARD = "-M virt,gic-version=2 -cpu cortex-a53 -smp 2 -m 1024 -accel tcg,thread=multi -nodefaults -no-user-config"
_MOUNT = f"mountpoint -q {SHARED} || mount --mkdir -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host {SHARED}"
_UNITS = {
    "s": f"""[Unit]
Description=A synth that is plugged in
DefaultDependencies=no
After=local-fs.target systemd-udevd.service systemd-modules-load.service
[Service]
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStartPre=/bin/sh -c '{_MOUNT}'
ExecStart=/bin/sh -c 'cd {SHARED} && exec python3 -m tests.image.look synth 1'
""",
    "l": f"""[Unit]
Description=Whoever looks
After=s.service
[Service]
Environment=PYTHONDONTWRITEBYTECODE=1 HOME=/root LC_ALL=C.UTF-8
ExecStartPre=/bin/sh -c '{_MOUNT}'
ExecStart=/bin/sh -c 'cd {SHARED} && . ./go > output 2>&1'
ExecStopPost=-/bin/sh -c 'echo "$EXIT_STATUS" > {SHARED}/status'
ExecStopPost=systemctl --no-block poweroff
""",
}
"""Credentials, from which systemd makes units (systemd-debug-generator(8)). The names have no room for more letters."""


def boot(card: Card, shared: Path, command: str, seconds: float, more: Sequence[Path] = ()) -> float:
    """Boot it, run a command there, and have it switched off in order; what it prints is printed here.

    shared: a folder with tests/, which the machine sees as /run/host. more: disks beside it. Returns the seconds that
    the machine was on. Raises GuestError if the command fails, or does not end in time.
    """
    (shared / "go").write_text(f"exec {command}\n")
    (shared / "status").unlink(missing_ok=True)
    (shared / "output").write_text("")
    begin = monotonic()
    with (shared / "output").open() as output, subprocess.Popen(_emulator(card, shared, more)) as machine:
        while machine.poll() is None and monotonic() - begin < seconds:
            for line in output:
                say(line.rstrip())
            sleep(0.5)
        machine.kill()
        for line in output:
            say(line.rstrip())
    console = (shared / "console").read_text(errors="replace").splitlines()[-30:]
    if not (shared / "status").exists():
        raise GuestError("\n".join([f"the machine came to no end in {seconds:g} s; its console ends with:", *console]))
    if (status := (shared / "status").read_text().strip()) != "0":
        raise GuestError(f"what looked at it ended with status {status}")
    return monotonic() - begin


def _emulator(card: Card, shared: Path, more: Sequence[Path]) -> list[str]:
    words = " ".join([card.read("cmdline.txt").decode().strip(), *(f"systemd.wants={name}.service" for name in _UNITS)])
    for name in ("kernel", "initramfs"):
        (shared.parent / name).write_bytes(card.read(card.setting(name)))
    command = ["qemu-system-aarch64", *_BOARD.split(), "-display", "none", "-no-reboot", "-nic", "none"]
    # Where there is a hypervisor, which a Pi has not, systemd would load a module for ssh through it.
    command += ["-serial", f"file:{shared}/console", "-append", f"{words} systemd.ssh_auto=no console=ttyAMA0"]
    command += ["-kernel", str(shared.parent / "kernel"), "-initrd", str(shared.parent / "initramfs")]
    for number, disk in enumerate([card.path, *more]):
        command += ["-drive", f"file={disk},if=none,id=disk{number},format=raw,cache=unsafe"]
        command += ["-device", f"virtio-blk-pci,drive=disk{number}"]
    command += ["-device", "virtio-rng-pci", "-virtfs", f"local,path={shared},mount_tag=host,security_model=none"]
    for name, text in _UNITS.items():
        file = shared.parent / f"{name}.service"
        file.write_text(text)
        command += ["-fw_cfg", f"name=opt/io.systemd.credentials/systemd.extra-unit.{file.name},file={file}"]
    return command
