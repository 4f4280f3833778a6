"""The signed archive that packages are published in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.systemd.container import Container, missing
from tests.systemd.package.machine import ARCHITECTURE, PACKAGING


@pytest.mark.skipif(bool(missing(("reprepro", "gpg"))), reason="an archive needs reprepro and gpg")
def test_a_signed_archive_is_taken_and_a_changed_one_refused(
    machine: Container, package: Path, suite: str, shared: Path, tmp_path: Path
) -> None:
    made, key = shared / "archive", "bachd test archive"
    (tmp_path / f"{suite}-{ARCHITECTURE}").mkdir()
    shutil.copy(package, tmp_path / f"{suite}-{ARCHITECTURE}")
    (tmp_path / "keys").mkdir(mode=0o700)
    environment = os.environ | {"GNUPGHOME": str(tmp_path / "keys")}
    options = ("--batch", "--quiet", "--passphrase", "", "--quick-generate-key", key)
    subprocess.run(["gpg", *options], check=True, env=environment)
    try:
        subprocess.run([PACKAGING / "repository", made, key, tmp_path], check=True, env=environment)
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True, env=environment)
    machine.run("cp", "/host/archive/bachd.gpg", "/usr/share/keyrings")
    source = f"deb [signed-by=/usr/share/keyrings/bachd.gpg] file:/host/archive {suite} main"
    update = 'echo "$0" > /etc/apt/sources.list.d/signed.list && apt-get -q update -o APT::Update::Error-Mode=any'
    machine.run("sh", "-c", update, source)
    assert f"file:/host/archive {suite}/main" in machine.out("apt-cache", "policy", "bachd")
    machine.run(
        "sh", "-c", f"sed -i 's/^Date: .*/Date: Thu, 01 Jan 2026 00:00:00 UTC/' /host/archive/dists/{suite}/*Release"
    )
    machine.run("sh", "-c", "rm -rf /var/lib/apt/lists/*")
    done = machine.run("sh", "-c", update, source, check=False)
    machine.run("rm", "/etc/apt/sources.list.d/signed.list", "/usr/share/keyrings/bachd.gpg")
    assert done.returncode != 0
    assert "host_archive" in done.stderr or "/host/archive" in done.stderr
