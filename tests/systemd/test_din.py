"""What sets up DIN sockets on a UART: what is written where, and what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bachd.midi.din import uart
from tests.systemd.fake_system import TOP, FakeSystem

UNIT = "etc/systemd/system/bachd-din.service"
CONFIG = "boot/firmware/config.txt"
CMDLINE = "boot/firmware/cmdline.txt"


def block(system: FakeSystem) -> list[str]:
    """What has been added to config.txt."""
    (found,) = re.findall(r"# bachd din: begin\n\[all\]\n(.*)# bachd din: end\n\Z", system.text(CONFIG), re.DOTALL)
    return str(found).splitlines()


@pytest.mark.parametrize(
    ("model", "name", "lines", "device"),
    [
        ("Raspberry Pi 4 Model B Rev 1.5", "uart0", ["enable_uart=1", "dtoverlay=miniuart-bt"], "/dev/ttyAMA0"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "uart0", ["enable_uart=1", "dtoverlay=miniuart-bt"], "/dev/ttyAMA0"),
        ("Raspberry Pi 2 Model B Rev 1.1", "uart0", ["enable_uart=1"], "/dev/ttyAMA0"),
        ("Raspberry Pi 5 Model B Rev 1.0", "uart0", ["dtparam=uart0=on"], "/dev/ttyAMA0"),
        ("Raspberry Pi 4 Model B Rev 1.5", "uart3", ["dtoverlay=uart3"], "/dev/ttyAMA3"),
        ("Raspberry Pi 5 Model B Rev 1.0", "uart2", ["dtoverlay=uart2-pi5"], "/dev/ttyAMA2"),
    ],
)
def test_each_board_gets_what_its_uart_needs(
    tmp_path: Path, model: str, name: str, lines: list[str], device: str
) -> None:
    system = FakeSystem(tmp_path, model)
    before = system.files()
    done = system.run("din", name)
    assert done.returncode == 0
    assert "sudo reboot" in done.stderr
    written = block(system)
    assert [line for line in written if not line.startswith("#")] == lines
    console = ["console=serial0,115200"] if name == "uart0" else []
    assert [line for line in written if line.startswith("#")] == [f"# of cmdline.txt: {each}" for each in console]
    assert [word for word in system.text(CMDLINE).split() if word.startswith("console=serial")] == (
        [] if console else ["console=serial0,115200"]
    )
    assert f"bridge {device} {uart.SPEED}\n" in system.text(UNIT)
    assert f"DeviceAllow={device} rw\n" in system.text(UNIT)
    assert "systemctl start" not in system.text("calls")  # not before the reboot
    assert system.run("din", "off").returncode == 0
    assert system.files() == before


def test_nothing_is_written_that_is_there_already_and_it_starts_at_once(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "enable_uart=1\ndtoverlay=miniuart-bt\n")
    system.write(CMDLINE, "console=tty1 root=PARTUUID=12-02\n")
    done = system.run("din", "uart0")
    assert (done.returncode, done.stderr) == (0, "din: the DIN sockets at /dev/ttyAMA0 are the port 'DIN'\n")
    assert "bachd din" not in system.text(CONFIG)
    assert "systemctl start bachd-din" in system.text("calls")
    before = system.files()
    done = system.run("din", "uart0")
    assert "it is set up already" in done.stderr
    assert system.files() == before


def test_an_overlay_that_slows_the_clock_is_asked_for_what_it_makes_midis_speed_of(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "dtoverlay=uart3\ndtoverlay=midi-uart3\n")
    system.run("din", "uart3")
    assert "bridge /dev/ttyAMA3 38400\n" in system.text(UNIT)


def test_a_uart_that_there_is_not_is_refused(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path / "pi3", "Raspberry Pi 3 Model B Plus Rev 1.3")
    system.refuses("din", "uart3", "a Raspberry Pi 3 Model B Plus Rev 1.3 has no uart3; use uart0")
    system.refuses("din", "uart9", "there is no uart9; uart0 is at the pins 8 and 10")
    system.refuses("din", "/dev/ttyUSB7", "there is no UART /dev/ttyUSB7")
    FakeSystem(tmp_path / "pc").refuses("din", "uart0", "this is no Raspberry Pi; name the UART")


def test_a_second_uart_is_refused_and_off_twice_is_said(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path, "Raspberry Pi 4 Model B Rev 1.5")
    system.run("din", "uart0")
    system.refuses("din", "uart3", "another UART is set up already")
    system.run("din", "off")
    done = system.run("din", "off")
    assert (done.returncode, done.stderr) == (0, "din: it is not set up\n")


def test_what_fails_halfway_is_undone(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path, "Raspberry Pi 2 Model B Rev 1.1", "enable_uart=1\n")
    system.write(CMDLINE, "console=tty1\n")
    (tmp_path / "no-start").touch()
    system.refuses("din", "uart0", "bachd-din.service does not start")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_no_remarks_and_the_sandbox_is_tight(tmp_path: Path) -> None:
    copy = tmp_path / "bachd-din.service"
    text = (TOP / "systemd" / copy.name).read_text()
    text = text.replace("@DEVICE@", "/dev/ttyAMA0").replace("@SPEED@", "31250")
    text = text.replace("/opt/bachd/current/venv/bin/python", "/bin/true")
    copy.write_text(text)
    for words in (("verify", "--man=no"), ("security", "--offline=true", "--threshold=25")):
        done = subprocess.run(["systemd-analyze", *words, copy], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
