"""What the tests do to a machine on which bachd is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.systemd.container import Container

CONFIG: Final = "midi: {output: none}\ntempo: 240\nseed: {piece: bwv269}\n"
SETTINGS: Final = "/etc/bachd/config.yaml"
DEPLOY: Final = "/host/checkout/deploy.sh"
KILL: Final = ("systemctl", "kill", "--signal=KILL", "--kill-who=main", "bachd")
_DROP_IN: Final = "/run/systemd/system/bachd.service.d"


def write(machine: Container, config: str) -> None:
    """Save config.yaml."""
    machine.run("sh", "-c", 'printf %s "$1" > "$0"', SETTINGS, config)


def files(machine: Container) -> set[str]:
    """All that is on the machine, but for what a running system writes by itself."""
    own = ("/proc", "/sys", "/dev", "/run", "/tmp", "/host", "/wheels", "/var/log", "/var/lib/systemd", "/var/tmp")
    pruned = [word for path in own for word in ("-path", path, "-o")][:-1]
    return set(machine.out("find", "/", "(", *pruned, ")", "-prune", "-o", "-print").splitlines())


@contextmanager
def otherwise(machine: Container, *settings: str) -> Iterator[None]:
    """Run the service with other settings of its unit for a while."""
    content = "\\n".join(("[Service]", *settings, ""))
    machine.run("sh", "-c", f"mkdir -p {_DROP_IN} && printf '{content}' > {_DROP_IN}/test.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "bachd")
    try:
        yield
    finally:
        machine.run("rm", "-r", _DROP_IN)
        machine.run("systemctl", "daemon-reload")
