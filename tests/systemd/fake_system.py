"""A system in a folder, for the scripts that set up a Raspberry Pi's sockets: BACHD_ROOT.

Law: files are real, and only what a folder cannot be is played: systemctl and modprobe write down how they were called,
and rmdir takes away a folder with the files that the kernel's configfs makes in it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]

_TOOLS = {
    "systemctl": 'echo "systemctl $*" >> "$BACHD_ROOT/calls"; [ ! -e "$BACHD_ROOT/no-$1" ]',
    "modprobe": 'echo "modprobe $*" >> "$BACHD_ROOT/calls"; [ ! -e "$BACHD_ROOT/no-modprobe" ]',
    "mount": "exit 1",
    "sudo": "exit 1",
    "id": "echo 0",
    "rmdir": 'find "$1" -mindepth 1 -type d | grep -Evq "/(strings|configs|functions)$" && exit 1; rm -r "$1"',
}


class FakeSystem:
    """A machine with bachd installed and systemd running; a Raspberry Pi, if `model` says so."""

    def __init__(self, root: Path, model: str = "", config: str = "arm_64bit=1\n") -> None:
        """config: the text of config.txt, where it is a Raspberry Pi."""
        self.root = root
        for folder in ("run/systemd/system", "etc/systemd/system", "sys/class/udc", "sys/kernel/config/usb_gadget"):
            (root / folder).mkdir(parents=True)
        for script in ("gadget", "din", "readonly"):
            self.write(f"opt/bachd/current/systemd/{script}", "").chmod(0o755)
        self.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        if model:
            self.write("proc/device-tree/model", f"{model}\0")
            self.write("boot/firmware/config.txt", config)
            self.write("boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1 root=PARTUUID=12-02 quiet\n")
        for name, text in _TOOLS.items():
            self.write(f"bin/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)

    def write(self, name: str, text: str) -> Path:
        """Write a file; returns its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def text(self, name: str) -> str:
        """What is in a file, or '' where there is none."""
        path = self.root / name
        return path.read_text() if path.exists() else ""

    def run(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script of systemd/ on it."""
        environment = {**os.environ, "BACHD_ROOT": str(self.root), "BACHD_TRIES": "1"}
        environment["PATH"] = f"{self.root / 'bin'}:{os.environ['PATH']}"
        command = [str(TOP / "systemd" / script), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def refuses(self, script: str, words: str, says: str) -> None:
        """Assert that a script says so in one line, and leaves all as it was."""
        before = self.files()
        done = self.run(script, *words.split())
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert says in done.stderr
        assert self.files() == before

    def files(self) -> dict[str, str]:
        """All files and links there are, but for the list of calls."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if (path.is_file() or path.is_symlink()) and path.name != "calls":
                found[str(path.relative_to(self.root))] = (
                    str(path.readlink()) if path.is_symlink() else path.read_text()
                )
        return found
