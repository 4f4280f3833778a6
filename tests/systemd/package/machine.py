"""What the tests do to a machine on which bachd's package is installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from tests.systemd.container import TOP, Container

ARCHITECTURE: Final = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
PACKAGING: Final = TOP / "packaging" / "deb"
DEBS: Final = "/host/debs"
Repack = Callable[..., str]


def know_only_debs(machine: Container) -> None:
    """Let apt know of no packages but those that the container sees in DEBS."""
    machine.run("rm", "-f", "/etc/apt/sources.list")
    source = f"deb [trusted=yes] file:{DEBS} ./"
    machine.run("sh", "-c", 'echo "$0" > /etc/apt/sources.list.d/bachd.list && apt-get -q update', source)


def apt(machine: Container, verb: str, *packages: str) -> str:
    """Run apt-get; what it said. It must end well."""
    options = ("-q", "-y", "--no-install-recommends", "--allow-downgrades", "--reinstall", "-o", "Dpkg::Use-Pty=0")
    done = machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", verb, *options, *packages)
    return done.stdout + done.stderr


def others(machine: Container) -> list[str]:
    """What apt would install together with bachd."""
    said = machine.out("apt-get", "install", "--simulate", "--no-install-recommends", "bachd").splitlines()
    return [line.split()[1] for line in said if line.startswith("Inst ") and line.split()[1] != "bachd"]


def playing(machine: Container) -> str:
    """The release that plays, without what tells its unpackings apart."""
    return machine.out("basename", machine.out("readlink", "/opt/bachd/current")).rpartition("-")[0]
