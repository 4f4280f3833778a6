"""Each trap in what is installed and configured, a Coral's included, on a machine made of files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.service.doctor import coral as coral_checks
from bachd.service.doctor import software as software_checks
from bachd.service.doctor.machine import Finding
from tests.service.conftest import Bench

EDGETPU, JACK = Config(device="edgetpu"), Config(midi=Midi(output=("jack",)))
CORAL = {"idVendor": "1a6e\n", "idProduct": "089a\n", "busnum": "2\n", "devnum": "7\n"}
LINKER = "etc/ld.so.cache"
RULES = "etc/udev/rules.d/71-bachd.rules"


def test_python(bench: Bench) -> None:
    pi = bench.machine
    assert software_checks.python(pi) == Finding("python", "ok", "Python 3.11 on Linux aarch64")
    assert "64-bit Raspberry Pi OS" in software_checks.python(replace(pi, wide=False)).todo
    old = replace(pi, processor="armv7l", wide=False)
    assert software_checks.python(old).state == "ok"
    assert software_checks.python(replace(old, python=(3, 13))).state == "fault"
    assert software_checks.python(replace(pi, python=(3, 15))).state == "note"


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
    found = software_checks.runtime(replace(bench.packages(*packages).machine, processor=processor))
    assert found.state == state
    assert todo in found.todo
    assert bool(found.todo) == (state != "ok")


def test_packages_that_are_not_what_they_seem(bench: Bench) -> None:
    assert software_checks.strangers(bench.machine).state == "ok"
    assert software_checks.strangers(bench.packages("pycoral 0.1.0").machine).todo == "pip uninstall pycoral"
    bench.packages("pycoral-pi5 1.0").files({"packages/pycoral/utils/edgetpu.py": ""})  # Google's has this one
    assert software_checks.strangers(bench.machine).todo == "pip uninstall pycoral-pi5"


def test_what_reaches_the_midi_systems(bench: Bench) -> None:
    def states(config: Config = Config(), **changes: object) -> list[str]:  # noqa: B008  (frozen)
        machine = replace(bench.machine, **changes)  # type: ignore[arg-type]
        return [finding.state for finding in software_checks.libraries(machine, config)]

    assert states() == ["fault", "ok"]
    assert states(system="Darwin") == ["fault"]
    bench.packages("alsa-midi 1.0.4")
    assert states() == ["ok", "ok"]
    bench.files({LINKER: "libc.so.6\0/lib/libc.so.6\0"})
    assert states() == ["fault", "ok"]
    bench.files({LINKER: "libasound.so.2\0/lib/libasound.so.2\0"}).packages("python-rtmidi 1.5.8")
    assert states(JACK) == ["ok", "ok"]
    assert states(Config(tempo="link")) == ["ok", "fault", "ok"]
    bench.packages("aalink 0.2.3")
    assert states(Config(tempo="link")) == ["ok", "ok", "ok"]


def test_python_rtmidi_on_a_new_macos(bench: Bench) -> None:
    *_, found = software_checks.libraries(replace(bench.machine, python=(3, 13), system="Darwin"), Config())
    assert "there is no wheel" in found.seen


def test_settings(tmp_path: Path) -> None:
    assert software_checks.settings(None) == (Finding("settings", "ok", "no config.yaml; using the defaults"), Config())
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 1200\nmidi: {channels: 17}\n")
    found, config = software_checks.settings(path)
    assert found.state == "fault"
    assert found.seen.splitlines() == [
        f"{path}:1: tempo: 1200 is not between 20 and 300",
        f"{path}:2: midi.channels: 17 is not between 1 and 16",
    ]
    assert config == Config()


def test_model(tmp_path: Path) -> None:
    assert software_checks.model(Config()).state == "ok"
    assert software_checks.model(Config(model=str(tmp_path))).state == "fault"


def test_coral(bench: Bench) -> None:
    def look(config: Config = Config()) -> Finding:  # noqa: B008  (frozen)
        return coral_checks.coral(bench.machine, config)

    assert look().state == "ok"
    assert look(EDGETPU).todo.startswith("plug it in")
    bench.files({f"sys/bus/usb/devices/2-1/{name}": text for name, text in CORAL.items()})
    bench.files({LINKER: "libc.so.6\0"})
    assert look(replace(EDGETPU, device="cpu")).state == "ok"
    assert "not installed" in look().seen
    bench.files({LINKER: "libedgetpu.so.1\0"})
    assert "may not open" in look().seen
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
    assert "Google's release" in look().seen
