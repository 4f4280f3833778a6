"""Each trap, on a machine made of files; and this machine, as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from bachd.config import Config, Midi
from bachd.errors import OutputError
from bachd.midi.names import PortInfo
from bachd.service import doctor_coral, doctor_software, doctor_sound, doctor_system, status
from bachd.service.doctor import described, examine
from bachd.service.machine import Finding, Machine

PIANO = PortInfo("FP-30X MIDI 1", "alsa", "hardware")
PROGRAM = PortInfo("FLUID Synth input", "alsa", "software")
EDGETPU, JACK, NONE = Config(device="edgetpu"), Config(midi=Midi(output=("jack",))), Config(midi=Midi(output=("none",)))
CORAL = {"idVendor": "1a6e\n", "idProduct": "089a\n", "busnum": "2\n", "devnum": "7\n"}
LINKER = "etc/ld.so.cache"
RULES = "etc/udev/rules.d/71-bachd.rules"


class Bench:
    """A machine on the bench: give it files and packages, then look at it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, files: Mapping[str, str]) -> Bench:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def packages(self, *named: str) -> Bench:
        """Install 'NAME VERSION'."""
        for name, version in (each.split() for each in named):
            folder = f"packages/{name.replace('-', '_')}-{version}.dist-info"
            self.files({f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"})
        return self

    @property
    def machine(self) -> Machine:
        packages = (str(self.root / "packages"),)
        return Machine(self.root, packages, (3, 11), "Linux", "aarch64", wide=True, user=1000, rtprio=95, memlock=-1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A machine on which no bachd runs."""
    monkeypatch.setattr(status, "SYSTEM", tmp_path / "run")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    return Bench(tmp_path)


def test_python(bench: Bench) -> None:
    pi = bench.machine
    assert doctor_software.python(pi) == Finding("python", "ok", "Python 3.11 on Linux aarch64")
    assert "64-bit Raspberry Pi OS" in doctor_software.python(replace(pi, wide=False)).todo
    old = replace(pi, processor="armv7l", wide=False)
    assert doctor_software.python(old).state == "ok"
    assert doctor_software.python(replace(old, python=(3, 13))).state == "fault"
    assert doctor_software.python(replace(pi, python=(3, 15))).state == "note"


@pytest.mark.parametrize(
    ("processor", "packages", "state", "todo"),
    [
        ("aarch64", ["numpy 2.4.6", "ai-edge-litert 2.3.0"], "ok", ""),
        ("aarch64", ["numpy 2.4.6", "ai-edge-litert 2.3.0", "tflite-runtime 2.14.0"], "ok", ""),
        ("aarch64", ["ai-edge-litert 2.3.0"], "fault", "numpy"),
        ("aarch64", ["numpy 2.4.6"], "fault", "ai-edge-litert"),
        ("armv7l", ["numpy 1.26.4"], "fault", "tflite-runtime 'numpy<2'"),
        ("aarch64", ["numpy 2.4.6", "tflite-runtime 2.14.0"], "fault", "'numpy<2'"),
        ("armv7l", ["numpy 1.26.4", "tflite-runtime 2.14.0"], "ok", ""),
        ("aarch64", ["numpy 1.26.4", "tflite-runtime 2.14.0"], "note", "ai-edge-litert"),
    ],
)
def test_runtime(bench: Bench, processor: str, packages: list[str], state: str, todo: str) -> None:
    found = doctor_software.runtime(replace(bench.packages(*packages).machine, processor=processor))
    assert found.state == state
    assert todo in found.todo
    assert bool(found.todo) == (state != "ok")


def test_packages_that_are_not_what_they_seem(bench: Bench) -> None:
    assert doctor_software.strangers(bench.machine).state == "ok"
    assert doctor_software.strangers(bench.packages("pycoral 0.1.0").machine).todo == "pip uninstall pycoral"
    bench.packages("pycoral-pi5 1.0").files({"packages/pycoral/utils/edgetpu.py": ""})  # Google's has this one
    assert doctor_software.strangers(bench.machine).todo == "pip uninstall pycoral-pi5"


def test_what_reaches_the_midi_systems(bench: Bench) -> None:
    def states(config: Config = Config(), **changes: object) -> list[str]:  # noqa: B008  (frozen)
        machine = replace(bench.machine, **changes)  # type: ignore[arg-type]
        return [finding.state for finding in doctor_software.libraries(machine, config)]

    assert states() == ["fault", "ok"]
    assert states(system="Darwin") == ["fault"]
    bench.packages("alsa-midi 1.0.4")
    assert states() == ["ok", "ok"]
    bench.files({LINKER: "libc.so.6\0/lib/libc.so.6\0"})
    assert states() == ["fault", "ok"]
    bench.files({LINKER: "libasound.so.2\0/lib/libasound.so.2\0"}).packages("python-rtmidi 1.5.8")
    assert states(JACK) == ["ok", "ok"]


def test_python_rtmidi_on_a_new_macos(bench: Bench) -> None:
    *_, found = doctor_software.libraries(replace(bench.machine, python=(3, 13), system="Darwin"), Config())
    assert "there is no wheel" in found.seen


def test_settings(tmp_path: Path) -> None:
    assert doctor_software.settings(None) == (Finding("settings", "ok", "no config.yaml: the defaults"), Config())
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 1200\nmidi: {channels: 17}\n")
    found, config = doctor_software.settings(path)
    assert found.state == "fault"
    assert found.seen.splitlines() == [
        f"{path}:1: tempo: 1200 is not between 20 and 300",
        f"{path}:2: midi.channels: 17 is not between 1 and 16",
    ]
    assert config == Config()


def test_model(tmp_path: Path) -> None:
    assert doctor_software.model(Config()).state == "ok"
    assert doctor_software.model(Config(model=str(tmp_path))).state == "fault"


def test_coral(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(config: Config = Config()) -> Finding:  # noqa: B008  (frozen)
        return doctor_coral.coral(bench.machine, config)

    assert look().state == "ok"
    assert look(EDGETPU).todo.startswith("plug it in")
    bench.files({f"sys/bus/usb/devices/2-1/{name}": text for name, text in CORAL.items()})
    bench.files({LINKER: "libc.so.6\0"})
    assert look(replace(EDGETPU, device="cpu")).state == "ok"
    assert "not installed" in look().seen
    bench.files({LINKER: "libedgetpu.so.1\0"})
    assert "may not use" in look().seen
    bench.files({"dev/bus/usb/002/007": "", RULES: 'ATTR{idVendor}=="1a6e", ATTR{idProduct}=="089a"\n'})
    assert "no udev rule names 18d1:9302" in look().seen
    bench.files({RULES: '"1a6e" "089a"\n"18D1" "9302"\n'})
    assert look().state == "ok"
    package = (
        "Package: libedgetpu1-std\nStatus: install ok installed\nArchitecture: arm64\nVersion: {}\nSection: libs\n"
    )
    bench.files({"var/lib/dpkg/status": package.format("16.0TF2.17.1-1.bookworm")})
    assert look().state == "ok"
    bench.files({"var/lib/dpkg/status": f"Package: a\nStatus: install ok installed\n\n{package.format('16.0')}"})
    assert look().state == "note"
    assert look(EDGETPU).state == "fault"
    assert "Google's own" in look().seen


def test_there_is_no_sequencer(bench: Bench) -> None:
    (found,) = doctor_sound.sequencer(bench.machine, Config())
    assert found.state == "fault"
    assert "modprobe snd-seq" in found.todo
    (found,) = doctor_sound.sequencer(bench.machine, NONE)
    assert found.state == "note"


def test_the_sequencer_is_there_but_not_at_boot(bench: Bench) -> None:
    bench.files({doctor_sound.SEQUENCER: ""})
    assert [each.state for each in doctor_sound.sequencer(bench.machine, Config())] == ["ok", "ok"]
    bench.files({doctor_sound.UNITS[0]: ""})
    first, _ = doctor_sound.sequencer(bench.machine, Config())
    assert first.state == "note"
    bench.files({"etc/modules-load.d/bachd.conf": "# for bachd\nsnd_seq\n"})
    first, _ = doctor_sound.sequencer(bench.machine, Config())
    assert first.state == "ok"


def test_the_sequencer_is_not_for_this_user_nor_for_the_service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    group = os.getegid()
    passwd = "root:x:0:0::/:/bin/sh\nbachd:x:990:{}::/:/bin/false\n"
    bench.files({doctor_sound.SEQUENCER: "", "etc/group": f"audio:x:{group}:alice\n", "etc/passwd": "root:x:0:0::/:\n"})
    os.chown(bench.root / doctor_sound.SEQUENCER, -1, group)
    monkeypatch.setattr(Machine, "may_use", lambda machine, path: False)  # root may use everything
    assert [each.todo for each in doctor_sound.sequencer(bench.machine, Config())] == [
        "",
        "sudo usermod -aG audio $USER, then log in again",
    ]
    bench.files({"etc/passwd": passwd.format(65500)})
    *_, found = doctor_sound.sequencer(bench.machine, Config())
    assert (found.name, found.state) == ("service user", "fault")
    assert found.todo.startswith("sudo usermod -aG audio bachd")
    bench.files({"etc/group": f"audio:x:{group}:alice,bachd\n"})
    assert len(list(doctor_sound.sequencer(bench.machine, Config()))) == 2
    bench.files({"etc/group": f"audio:x:{group}:\n", "etc/passwd": passwd.format(group)})
    assert len(list(doctor_sound.sequencer(bench.machine, Config()))) == 2


@pytest.mark.parametrize(
    ("output", "there", "state", "seen"),
    [
        ("auto", [PIANO, PROGRAM], "ok", "FP-30X MIDI 1"),
        ("auto", [PROGRAM], "note", "only programs: FLUID Synth input"),
        ("auto", [], "fault", "no instrument"),
        ("virtual", [], "ok", "none needed"),
        ("none", [], "ok", "none is asked for"),
        ("file:a.mid", [], "ok", "none is asked for"),
        ("fp-30x", [PIANO], "ok", "FP-30X MIDI 1"),
        ("Clavinova", [PIANO], "fault", "no MIDI port is called 'Clavinova'"),
        ("m", [PIANO, replace(PIANO, name="Some")], "fault", "fits several"),
    ],
)
def test_ports(output: str, there: list[PortInfo], state: str, seen: str) -> None:
    found = doctor_sound.ports(Config(midi=Midi(output=(output,))), lambda: there)
    assert found.state == state
    assert seen in found.seen


def test_ports_that_cannot_be_listed() -> None:
    def unplugged() -> list[PortInfo]:
        raise OutputError("the sequencer is gone")

    found = doctor_sound.ports(Config(), unplugged)
    assert (found.state, found.seen) == ("fault", "the sequencer is gone")


def test_an_instrument_that_another_program_has(bench: Bench) -> None:
    port = "FP-30X\n\nOutput 0\n  Tx bytes     : 120\n  Owner PID    : {}\n  Mode         : native\n"
    bench.files({"proc/asound/card1/midi0": "FP-30X\n\nOutput 0\n  Tx bytes     : 0\nInput 0\n  Owner PID    : 5\n"})
    assert doctor_sound.locked(bench.machine).state == "ok"
    bench.files({"proc/asound/card1/midi0": port.format(4711), "proc/4711/comm": "amidi\n"})
    assert doctor_sound.locked(bench.machine).seen == "in use: FP-30X by amidi (4711)"
    bench.files({"proc/4711/comm": "bachd\n"})
    assert doctor_sound.locked(bench.machine).state == "ok"


def test_jack(bench: Bench) -> None:
    assert doctor_sound.jack(bench.machine, Config()).state == "ok"
    assert doctor_sound.jack(bench.machine, JACK).state == "fault"
    bench.files({"proc/12/comm": "jackd\n"})
    assert doctor_sound.jack(bench.machine, JACK).seen == "jackd runs"


def test_limits(bench: Bench) -> None:
    assert doctor_system.realtime(bench.machine).seen == "priority 95, locked memory unlimited KB"
    assert doctor_system.realtime(replace(bench.machine, rtprio=0)).state == "note"


def test_governor_and_clock(bench: Bench) -> None:
    assert doctor_system.governor(bench.machine).state == doctor_system.clock(bench.machine).state == "ok"
    bench.files({"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n"})
    assert doctor_system.governor(bench.machine).seen == "governor ondemand"
    bench.files({"sys/devices/system/cpu/cpu3/cpufreq/scaling_governor": "powersave\n"})
    assert doctor_system.governor(bench.machine).state == "note"
    source = "sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert doctor_system.clock(bench.files({source: "arch_sys_counter\n"}).machine).state == "ok"
    assert doctor_system.clock(bench.files({source: "hpet\n"}).machine).state == "note"


def test_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_system.disk(bench.machine).state == "ok"
    monkeypatch.setattr(doctor_system, "ROOM", 10**9)
    assert doctor_system.disk(bench.machine).state == "note"


def test_a_service_that_does_not_run(bench: Bench) -> None:
    assert doctor_system.service(bench.machine).state == "ok"
    found = doctor_system.service(bench.files({doctor_sound.UNITS[0]: ""}).machine)
    assert found.state == "fault"
    assert "journalctl -u bachd" in found.todo


def test_all_is_looked_at_whatever_is_wrong(bench: Bench) -> None:
    config = bench.files({"config.yaml": "tempo: fast"}).root / "config.yaml"
    findings = list(examine(bench.machine, config, list))
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
