"""deploy.sh and the service on a machine of their own, with systemd as it is on a Pi; there is no MIDI in it.

It takes some minutes, so it is asked for: BACHD_CONTAINER=bookworm (or trixie) pytest tests/systemd
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import SUITES, TOOLS, Container, booted, checkout, missing

SUITE = os.environ.get("BACHD_CONTAINER", "")
CONFIG = "midi: {output: none}\ntempo: 240\nseed: {piece: bwv269}\n"
SETTINGS = "/etc/bachd/config.yaml"

if SUITE not in SUITES:
    pytest.skip(f"for a container set BACHD_CONTAINER to {' or '.join(SUITES)}", allow_module_level=True)
if os.geteuid() != 0:
    pytest.skip("a container needs root", allow_module_level=True)
if missing(TOOLS):
    pytest.skip(
        f"a container needs {', '.join(missing(TOOLS))}: apt install systemd-container mmdebstrap",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that the container sees as /host/checkout."""
    folder = tmp_path_factory.mktemp("host")
    checkout(folder)
    return folder


@pytest.fixture(scope="module")
def machine(shared: Path) -> Iterator[Container]:
    """A machine that has never seen bachd."""
    with booted(SUITE, shared) as container:
        yield container


def files(machine: Container) -> set[str]:
    """All that is on the machine, but for what a running system writes by itself."""
    own = ("/proc", "/sys", "/dev", "/run", "/tmp", "/host", "/wheels", "/var/log", "/var/lib/systemd", "/var/tmp")
    pruned = [word for path in own for word in ("-path", path, "-o")][:-1]
    return set(machine.out("find", "/", "(", *pruned, ")", "-prune", "-o", "-print").splitlines())


@pytest.fixture(scope="module")
def untouched(machine: Container) -> set[str]:
    """What is on the machine before anything is installed."""
    return files(machine)


@pytest.fixture(scope="module")
def installation(machine: Container, untouched: set[str]) -> str:
    """bachd is installed; what deploy.sh said."""
    machine.run("mkdir", "-p", "/etc/bachd")
    write(machine, CONFIG)
    return machine.run("/host/checkout/deploy.sh", "install", "--wheels", "/wheels").stderr


@pytest.fixture
def service(machine: Container, installation: str) -> Container:
    """A machine on which bachd has just been started, with the settings of this file."""
    write(machine, CONFIG)
    machine.run("systemctl", "reset-failed", "bachd")
    machine.run("systemctl", "restart", "bachd")
    return machine


def write(machine: Container, config: str) -> None:
    """Save config.yaml."""
    machine.run("sh", "-c", 'printf %s "$1" > "$0"', SETTINGS, config)


def test_it_plays_once_it_is_installed(machine: Container, installation: str) -> None:
    steps = installation.splitlines()
    assert any(step.startswith("deploy: building ") for step in steps)
    assert steps[-1].startswith("deploy: bachd ")
    assert " plays: " in steps[-1]
    assert machine.show("ActiveState") == "active"
    assert machine.show("StatusText") in steps[-1]
    assert machine.show("UnitFileState") == "enabled"
    assert machine.out("cat", SETTINGS) == CONFIG.strip()
    assert "output: auto" in machine.out("cat", f"{SETTINGS}.new")


def test_installing_it_again_leaves_the_music_alone(service: Container) -> None:
    before = service.show("MainPID")
    said = service.run("/host/checkout/deploy.sh", "install", "--wheels", "/wheels").stderr
    assert "is installed already, and plays" in said
    assert service.show("MainPID") == before


def test_systemd_has_no_remarks_and_rates_it_safe(service: Container) -> None:
    verified = service.run("systemd-analyze", "verify", "--man=no", "bachd.service")
    assert verified.stdout + verified.stderr == ""
    service.run("systemd-analyze", "security", "--threshold=20", "bachd.service")


def test_status_says_what_plays(service: Container) -> None:
    said = service.out("/host/checkout/deploy.sh", "status")
    assert "service   running since " in said
    assert service.show("StatusText") in said


def test_new_settings_come_into_use_without_a_new_start(service: Container) -> None:
    before = service.show("MainPID")
    with service.journal() as journal:
        write(service, CONFIG.replace("240", "1200"))
        service.run("systemctl", "reload", "bachd")
        journal.until("config refused.*tempo: 1200 is not between 20 and 300")
        write(service, CONFIG.replace("240", "300"))
        service.run("systemctl", "reload", "bachd")
        journal.until("^in use from this bar on: tempo")
    assert service.show("MainPID") == before
    assert service.show("ActiveState") in ("active", "reloading")


@pytest.fixture
def synth(service: Container) -> Iterator[Synth]:
    """A raw MIDI device, which is a file here: nothing but what silences a synth is ever written to it."""
    service.run("mkdir", "-p", "/dev/snd")
    yield Synth(service, "/dev/snd/midiC9D0")
    service.run("rm", "-r", "/dev/snd")


class Synth:
    """What stands for a synth: whether it has been silenced since it was made."""

    def __init__(self, machine: Container, path: str) -> None:
        self._machine, self._path = machine, path
        machine.run("install", "-m", "666", "/dev/null", path)

    @property
    def silenced(self) -> bool:
        return self._machine.run("test", "-s", self._path, check=False).returncode == 0

    def occupy(self) -> None:
        """Let it refuse to be opened, as if another program had it."""
        self._machine.run("sh", "-c", 'rm "$0" && mkfifo -m 666 "$0"', self._path)


KILL = ("systemctl", "kill", "--signal=KILL", "--kill-who=main", "bachd")


def test_after_a_kill_all_is_silenced_and_plays_again(service: Container, synth: Synth) -> None:
    with service.journal() as journal:
        service.run(*KILL)
        said = journal.until("^Started ")
    assert synth.silenced
    assert not any("panic: " in line for line in said)  # which would take its time
    assert service.show("NRestarts") == "1"
    assert service.show("ActiveState") == "active"


def test_a_synth_that_another_program_has_open_is_reached_through_the_sequencer(
    service: Container, synth: Synth
) -> None:
    synth.occupy()
    with service.journal() as journal:
        service.run(*KILL)
        said = journal.until("^Started ")
    assert any("panic: " in line for line in said)  # there is no sequencer here, and it says so


def test_a_kill_and_a_stop_leave_nothing_sounding(service: Container, synth: Synth) -> None:
    service.run("sh", "-c", f"{' '.join(KILL)} && systemctl stop bachd")
    assert synth.silenced
    assert service.show("ActiveState") in ("inactive", "failed")


def test_a_kill_after_settings_went_wrong_leaves_nothing_sounding(service: Container, synth: Synth) -> None:
    with service.journal() as journal:
        write(service, "tempo: 1200\n")
        journal.until("config refused")
        service.run(*KILL)
        journal.until("^bachd.service: Failed with result 'exit-code'")
    assert synth.silenced
    assert service.show("ExecMainStatus") == "78"


def test_too_many_kills_leave_nothing_sounding(service: Container, synth: Synth) -> None:
    with service.journal() as journal:
        for _ in range(10):
            service.run(*KILL)
            if "Start request repeated" in journal.until("^Started |Start request repeated too quickly")[-1]:
                break
        else:
            raise AssertionError("systemd starts it for ever")
    assert synth.silenced
    assert (service.show("ActiveState"), service.show("SubState")) == ("failed", "failed")


def test_an_orderly_stop_has_nothing_to_silence(service: Container, synth: Synth) -> None:
    with service.journal() as journal:
        service.run("systemctl", "stop", "bachd")
        said = journal.until("^Stopped ")
    assert any(line.startswith("stopped after ") for line in said)
    assert not synth.silenced
    assert service.show("Result") == "success"


def test_faulty_settings_are_not_tried_again(service: Container) -> None:
    write(service, "tempo: 1200\n")
    with service.journal() as journal:
        assert service.run("systemctl", "restart", "bachd", check=False).returncode != 0
        journal.until("tempo: 1200 is not between 20 and 300")
    assert service.show("ActiveState") == "failed"
    assert (service.show("ExecMainStatus"), service.show("NRestarts")) == ("78", "0")


def test_a_hang_is_ended_by_the_watchdog(service: Container) -> None:
    drop_in = "/run/systemd/system/bachd.service.d"
    service.run("sh", "-c", f"mkdir -p {drop_in} && printf '[Service]\\nWatchdogSec=8\\n' > {drop_in}/hasty.conf")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "bachd")
    try:
        with service.journal() as journal:
            service.run("systemctl", "kill", "--signal=STOP", "--kill-who=main", "bachd")
            said = journal.until("^Started ")
    finally:
        service.run("rm", "-r", drop_in)
        service.run("systemctl", "daemon-reload")
    assert any("Watchdog timeout" in line for line in said)
    assert service.show("NRestarts") == "1"


def test_settings_that_this_version_refuses_stop_an_upgrade_before_the_music(service: Container, shared: Path) -> None:
    write(service, "tempo: 1200\n")
    before = service.show("MainPID")
    done = service.run("/host/checkout/deploy.sh", "upgrade", "--wheels", "/wheels", check=False)
    assert done.returncode == 1
    assert f"{SETTINGS}:1: tempo: 1200 is not between 20 and 300" in done.stderr
    assert "what was installed goes on playing" in done.stderr
    assert service.show("MainPID") == before


def test_a_faulty_version_is_taken_back(service: Container, shared: Path) -> None:
    before = service.out("readlink", "/opt/bachd/current")
    daemon = shared / "checkout" / "bachd" / "service" / "daemon.py"
    good = daemon.read_text()
    daemon.write_text(
        f'{good}\n\ndef run(*_: object, **__: object) -> int:\n    raise RuntimeError("a fault of this version")\n'
    )
    try:
        done = service.run("/host/checkout/deploy.sh", "upgrade", "--wheels", "/wheels", check=False)
    finally:
        daemon.write_text(good)
    assert done.returncode == 1
    assert "a fault of this version" in done.stderr
    assert f"going back to {before.removeprefix('releases/')}" in done.stderr
    assert service.out("readlink", "/opt/bachd/current") == before
    assert service.show("ActiveState") == "active"


def test_over_ssh_and_away_without_a_trace(service: Container, untouched: set[str]) -> None:
    for command in (
        "useradd --create-home --groups sudo guest && echo 'guest ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/guest",
        "mkdir -p /root/.ssh ~guest/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519",
        "install -o guest -m 600 /root/.ssh/id_ed25519.pub ~guest/.ssh/authorized_keys",
        "echo StrictHostKeyChecking accept-new > /root/.ssh/config",
    ):
        service.run("sh", "-c", command)
    said = service.run("/host/checkout/deploy.sh", "install", "guest@127.0.0.1", "--wheels", "/wheels").stderr
    assert "is installed already, and plays" in said
    assert "running" in service.out("/host/checkout/deploy.sh", "status", "guest@127.0.0.1")
    service.run("/host/checkout/deploy.sh", "uninstall", "guest@127.0.0.1", "--purge")
    # What the visitor needed, among it the copies that useradd keeps of its files.
    visitors = ("/home/guest", "/root/.ssh", "/etc/sudoers.d/guest", "/etc/subgid-", "/etc/subuid-")
    assert {path for path in files(service) - untouched if not path.startswith(visitors)} == set()
    assert service.run("getent", "passwd", "bachd", check=False).returncode == 2
    assert service.run("systemctl", "cat", "bachd", check=False).returncode == 1
    assert not service.out("find", "/home/guest/.cache", "-mindepth", "1")
