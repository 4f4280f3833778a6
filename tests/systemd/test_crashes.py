"""The service when it is killed or hangs: it plays again soon, and nothing is left sounding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.systemd.container import Container
from tests.systemd.service import KILL, SETTINGS, otherwise


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


def test_where_jack_runs_what_the_settings_name_is_silenced_too(service: Container, synth: Synth) -> None:
    service.run("mkdir", "/dev/shm/jack_default_1000_0")
    try:
        with service.journal() as journal:
            service.run(*KILL)
            said = journal.until("^Started ")
    finally:
        service.run("rmdir", "/dev/shm/jack_default_1000_0")
    assert synth.silenced
    assert any("panic: " in line for line in said)  # there is no server, and it says so


def test_a_kill_and_a_stop_leave_nothing_sounding(service: Container, synth: Synth) -> None:
    service.run("sh", "-c", f"{' '.join(KILL)} && systemctl stop bachd")
    assert synth.silenced
    assert service.show("ActiveState") in ("inactive", "failed")


def test_a_kill_after_settings_went_wrong_leaves_nothing_sounding(service: Container, synth: Synth) -> None:
    """The next start fails, and there is no other one."""
    service.run("sh", "-c", f"echo tempo: 1200 > {SETTINGS} && rm /var/lib/bachd/config.last.json")
    with service.journal() as journal:
        service.run(*KILL)
        journal.until("^bachd.service: Failed with result 'exit-code'")
    assert synth.silenced
    assert service.show("ExecMainStatus") == "78"


def test_too_many_kills_leave_nothing_sounding(service: Container, synth: Synth) -> None:
    # However slow this machine starts it, the kills are too many.
    with otherwise(service, "[Unit]", "StartLimitIntervalSec=1h"), service.journal() as journal:
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


def test_a_hang_is_ended_by_the_watchdog(service: Container, synth: Synth) -> None:
    with otherwise(service, "WatchdogSec=6"), service.journal() as journal:
        service.run("systemctl", "kill", "--signal=STOP", "--kill-who=main", "bachd")
        said = journal.until("^Started ")
    assert any("Watchdog timeout" in line for line in said)
    assert synth.silenced
    assert service.show("NRestarts") == "1"


BLOCKED = """
import threading
from bachd.neural.composer import Composer
compose = Composer.next
left = iter(range(8))
Composer.next = lambda self: compose(self) if next(left, None) is not None else threading.Event().wait()
"""


def test_a_network_that_never_answers_is_a_hang_too(service: Container, synth: Synth) -> None:
    """The process lives, its event loop runs and answers; only the thread that composes does not come back."""
    service.run("mkdir", "-p", "/run/blocked")
    service.run("sh", "-c", 'printf %s "$0" > /run/blocked/sitecustomize.py', BLOCKED)
    with service.journal() as journal:
        with otherwise(service, "WatchdogSec=6", "Environment=PYTHONPATH=/run/blocked"):
            service.run("rm", "-r", "/run/blocked")  # the next one is not blocked, however soon it is started
            said = journal.until("Watchdog timeout")
            assert any(line.startswith("playing ") for line in said)
        journal.until("^Started ")
    assert synth.silenced
    assert service.show("NRestarts") == "1"
