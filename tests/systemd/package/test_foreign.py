"""The package for the other kind of processor, on an emulated one: installed from the network, it plays, and is gone.

    BACHD_CONTAINER=bookworm BACHD_SERIES=1 pytest tests/systemd/package/test_foreign.py

Wants qemu-user-static and binfmt-support.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from bachd.music import midifile
from tests.systemd.container import cache, mirror
from tests.systemd.package.machine import ARCHITECTURE, PACKAGING

OTHER: Final = {"amd64": "arm64", "arm64": "amd64"}[ARCHITECTURE]
MACHINE: Final = {"amd64": "x86_64", "arm64": "aarch64"}[OTHER]
pytestmark = [
    pytest.mark.skipif("BACHD_SERIES" not in os.environ, reason="it takes long: set BACHD_SERIES"),
    pytest.mark.skipif(
        not Path(f"/proc/sys/fs/binfmt_misc/qemu-{MACHINE}").exists(),
        reason=f"no program for {OTHER} runs here",
    ),
]


def test_it_is_installed_plays_and_is_gone(suite: str, tmp_path: Path) -> None:
    folder, root = cache() / f"debs-{suite}-{OTHER}", tmp_path / "root"
    subprocess.run([PACKAGING / "build", suite, OTHER, folder], check=True, stdout=subprocess.DEVNULL)
    (package,) = folder.glob("bachd_*.deb")
    install = f'cp {package} "$1/root" && chroot "$1" apt-get install -y --no-install-recommends /root/{package.name}'
    command = ["mmdebstrap", "--quiet", "--mode=root", f"--architectures={OTHER}", "--variant=minbase"]
    command += [f"--customize-hook={install}", suite, str(root), mirror()]
    subprocess.run(command, check=True)
    assert _run(root, "dpkg", "--print-architecture").strip() == OTHER
    assert "installed" in _run(root, "dpkg-query", "-W", "-f", "${db:Status-Status}", "bachd")
    _run(root, "bachd", "run", "--output", "file:/root/played.mid", "--seconds", "20", "--tempo", "240")
    played = midifile.read((root / "root/played.mid").read_bytes(), "played.mid")
    assert len(played.events) > 30
    _run(root, "apt-get", "purge", "-y", "bachd")
    for path in ("etc/bachd", "opt/bachd", "usr/lib/bachd", "usr/bin/bachd"):
        assert not (root / path).exists(), path


def _run(root: Path, *command: str) -> str:
    """Run a command there to its end, without a network; returns what it says."""
    inside = ["systemd-nspawn", "--quiet", f"--directory={root}", "--register=no", "--keep-unit", "--private-network"]
    inside += ["--pipe", "--as-pid2", f"--machine=foreign-{os.getpid()}", "--", *command]
    done = subprocess.run(inside, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, f"{command} left with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
