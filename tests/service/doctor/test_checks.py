"""The traps that lie in a machine itself, what a person reads, and this machine, as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from bachd.service.doctor import sound as sound_checks
from bachd.service.doctor import system as system_checks
from bachd.service.doctor.checks import described, examine
from bachd.service.doctor.machine import Finding
from tests.service.conftest import Bench


def test_limits(bench: Bench) -> None:
    assert system_checks.realtime(bench.machine).seen == "priority 95, locked memory unlimited KB"
    assert system_checks.realtime(replace(bench.machine, rtprio=0)).state == "note"


def test_governor_and_clock(bench: Bench) -> None:
    assert system_checks.governor(bench.machine).state == system_checks.clock(bench.machine).state == "ok"
    bench.files({"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n"})
    assert system_checks.governor(bench.machine).seen == "governor ondemand"
    bench.files({"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave\n"})
    assert system_checks.governor(bench.machine).state == "note"
    source = "sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert system_checks.clock(bench.files({source: "arch_sys_counter\n"}).machine).state == "ok"
    assert system_checks.clock(bench.files({source: "hpet\n"}).machine).state == "note"


def test_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert system_checks.disk(bench.machine).state == "ok"
    monkeypatch.setattr(system_checks, "ROOM", 10**9)
    assert system_checks.disk(bench.machine).state == "note"


def test_a_card_that_is_left_as_it_is_keeps_settings_only_on_a_partition_of_their_own(bench: Bench) -> None:
    mounts = "proc /proc proc rw 0 0\n/dev/mmcblk0p1 /boot/firmware vfat rw 0 0\n"
    bench.files({"proc/self/mounts": f"/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n{mounts}"})
    assert list(system_checks.card(bench.machine)) == []
    mounts += "overlayroot / overlay rw,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay 0 0\n"
    (finding,) = system_checks.card(bench.files({"proc/self/mounts": mounts}).machine)
    assert (finding.state, "gone at the next boot" in finding.seen) == ("note", True)
    mounts += "/dev/mmcblk0p2 /etc/bachd ext4 rw,noatime 0 0\n"
    (finding,) = system_checks.card(bench.files({"proc/self/mounts": mounts}).machine)
    assert (finding.state, "are kept" in finding.seen) == ("ok", True)


def test_a_service_that_does_not_run(bench: Bench) -> None:
    assert system_checks.service(bench.machine).state == "ok"
    found = system_checks.service(bench.files({sound_checks.UNITS[0]: ""}).machine)
    assert found.state == "fault"
    assert "journalctl -u bachd" in found.todo


@pytest.mark.usefixtures("no_midi")
def test_all_is_looked_at_whatever_is_wrong(bench: Bench) -> None:
    config = bench.files({"config.yaml": "tempo: fast"}).root / "config.yaml"
    findings = list(examine(bench.machine, config))
    assert len({finding.name for finding in findings}) == len(findings)
    assert {finding.name for finding in findings if finding.state == "fault"} == {
        "runtime", "settings", "alsa-midi", "sequencer", "ports",
    }  # fmt: skip
    assert all(bool(finding.todo) == (finding.state != "ok") for finding in findings)


def test_as_a_person_reads_it() -> None:
    states: Sequence[tuple[Literal["ok", "note", "fault"], str]] = [("ok", ""), ("note", "mend it"), ("fault", "go")]
    assert described([Finding("clock", state, "tsc\nhpet", todo) for state, todo in states]).splitlines() == [
        "ok    clock          tsc",
        "                     hpet",
        "NOTE  clock          tsc",
        "                     hpet",
        "                     -> mend it",
        "FAULT clock          tsc",
        "                     hpet",
        "                     -> go",
        "1 ok, 1 note, 1 fault",
    ]


@pytest.fixture
def doctor(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command, on this machine, with settings that it can play by."""
    (tmp_path / "config.yaml").write_text("midi: {output: none}")

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bachd", "doctor", "--config", str(tmp_path / "config.yaml"), *options]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    return run


def test_on_this_machine(doctor: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = doctor("--json")
    findings = [Finding(**finding) for finding in json.loads(done.stdout)]
    assert done.stderr == ""
    assert done.returncode == (69 if "fault" in {finding.state for finding in findings} else 0)
    told = {finding.name: finding.state for finding in findings}
    assert told["runtime"] == told["settings"] == told["model"] == told["ports"] == "ok"
    assert "fault\n" in (text := doctor().stdout) or text.endswith("faults\n")
