"""What makes the machine a USB MIDI instrument: what is written where, and what is refused. tests/pi plugs it in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.systemd.fake_system import TOP, FakeSystem

UNIT = "etc/systemd/system/bachd-gadget.service"
MINE = "sys/kernel/config/usb_gadget/bachd"
CONFIG = "boot/firmware/config.txt"
PORT = "fe980000.usb"
BLOCK = "# bachd gadget: begin\n[all]\ndtoverlay=dwc2,dr_mode=peripheral\n# bachd gadget: end\n"


@pytest.fixture
def board(tmp_path: Path) -> FakeSystem:
    """A Pi 4 whose USB-C port is a device port already."""
    system = FakeSystem(tmp_path, "Raspberry Pi 4 Model B Rev 1.5")
    (tmp_path / "sys/class/udc" / PORT).mkdir()
    return system


def test_the_gadget_is_made_and_bound_last(board: FakeSystem) -> None:
    done = board.run("gadget", "on")
    assert (done.returncode, done.stderr) == (0, "gadget: a computer at the USB port sees 'bachd'\n")
    assert board.text(f"{MINE}/UDC") == f"{PORT}\n"
    assert board.text(f"{MINE}/strings/0x409/product") == "bachd\n"
    assert len(board.text(f"{MINE}/strings/0x409/serialnumber")) == 13
    assert (board.text(f"{MINE}/functions/midi.usb0/id"), board.text(f"{MINE}/functions/midi.usb0/index")) == (
        "bachd\n",
        "7\n",
    )
    assert (board.root / MINE / "configs/c.1/midi.usb0").resolve() == board.root / MINE / "functions/midi.usb0"
    assert board.text(UNIT) == (TOP / "systemd" / "bachd-gadget.service").read_text()
    assert "systemctl --quiet enable bachd-gadget" in board.text("calls")
    assert board.text(CONFIG) == "arm_64bit=1\n"  # the port was there already
    times = [(board.root / MINE / name).stat().st_mtime_ns for name in ("functions/midi.usb0/index", "UDC")]
    assert times == sorted(times)


def test_the_serial_number_is_the_machines_own(board: FakeSystem) -> None:
    board.run("gadget", "on")
    first = board.text(f"{MINE}/strings/0x409/serialnumber")
    board.run("gadget", "off")
    board.run("gadget", "on")
    assert board.text(f"{MINE}/strings/0x409/serialnumber") == first
    board.run("gadget", "off")
    board.write("etc/machine-id", "fedcba9876543210fedcba9876543210\n")
    board.run("gadget", "on")
    assert board.text(f"{MINE}/strings/0x409/serialnumber") not in ("", first)


def test_off_takes_all_of_it_away(board: FakeSystem) -> None:
    before = board.files()
    board.run("gadget", "on")
    done = board.run("gadget", "off")
    assert (done.returncode, done.stderr) == (0, "gadget: it is off\n")
    assert board.files() == before
    assert not (board.root / MINE).exists()
    done = board.run("gadget", "off")
    assert (done.returncode, done.stderr) == (0, "gadget: it is not on\n")


def test_on_twice_is_said(board: FakeSystem) -> None:
    board.run("gadget", "on")
    before = board.files()
    done = board.run("gadget", "on")
    assert (done.returncode, done.stderr) == (0, "gadget: it is on already\n")
    assert board.files() == before


@pytest.mark.parametrize("model", ["Raspberry Pi Zero 2 W Rev 1.0", "Raspberry Pi 5 Model B Rev 1.0"])
def test_a_port_that_is_none_yet_is_one_after_a_reboot(tmp_path: Path, model: str) -> None:
    system = FakeSystem(tmp_path, model, "[cm5]\ndtoverlay=dwc2,dr_mode=host\n")
    before = system.files()
    done = system.run("gadget", "on")
    assert done.returncode == 0
    assert "from the next boot on: sudo reboot" in done.stderr
    assert system.text(CONFIG) == "[cm5]\ndtoverlay=dwc2,dr_mode=host\n" + BLOCK
    assert "systemctl start" not in system.text("calls")
    done = system.run("gadget", "on")
    assert "already, from the next boot on" in done.stderr
    (tmp_path / "sys/class/udc" / PORT).mkdir()  # it has been booted
    assert system.run("gadget", "bind").returncode == 0
    assert system.text(f"{MINE}/UDC") == f"{PORT}\n"
    done = system.run("gadget", "off")
    assert "after a reboot" in done.stderr
    assert system.files() == before


def test_a_board_without_a_device_port_is_refused(tmp_path: Path) -> None:
    system = FakeSystem(tmp_path / "pi3", "Raspberry Pi 3 Model B Plus Rev 1.3")
    system.refuses("gadget", "on", "Raspberry Pi 3 Model B Plus Rev 1.3 are behind a hub")
    FakeSystem(tmp_path / "pc").refuses("gadget", "on", "there is no USB device port here")


def test_a_kernel_without_gadgets_or_configfs_is_refused(board: FakeSystem) -> None:
    (board.root / "no-modprobe").touch()
    board.refuses("gadget", "on", "this kernel has no USB MIDI gadget")
    (board.root / "no-modprobe").unlink()
    (board.root / "sys/kernel/config/usb_gadget").rmdir()
    board.refuses("gadget", "on", "this kernel has no configfs")


def test_a_port_that_another_gadget_has_is_left_to_it(board: FakeSystem) -> None:
    board.write("sys/kernel/config/usb_gadget/ether/UDC", f"{PORT}\n")
    board.refuses("gadget", "on", "the USB port is in use by ether")
    board.write("sys/kernel/config/usb_gadget/ether/UDC", "")
    board.write(f"sys/class/udc/{PORT}/function", "g_ether\n")
    board.refuses("gadget", "on", "the USB port is in use by g_ether")


def test_what_fails_halfway_is_undone(board: FakeSystem) -> None:
    (board.root / "no-start").touch()
    board.refuses("gadget", "on", "bachd-gadget.service does not start")
    assert not (board.root / MINE).exists()


def test_a_port_that_never_comes_ends_the_boot_unit_with_a_line(tmp_path: Path) -> None:
    FakeSystem(tmp_path).refuses("gadget", "bind", "there is no USB device port here")


def test_it_needs_an_installed_bachd_and_a_word_that_it_knows(board: FakeSystem) -> None:
    assert board.run("gadget", "maybe").returncode == 64
    board.refuses("gadget", "on now", "gadget on, or gadget off")
    (board.root / "opt/bachd/current/systemd/gadget").unlink()
    board.refuses("gadget", "on", "./deploy.sh install first")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_no_remarks(tmp_path: Path) -> None:
    copy = tmp_path / "bachd-gadget.service"
    text = (TOP / "systemd" / copy.name).read_text()
    copy.write_text(text.replace("/opt/bachd/current/systemd/gadget", str(TOP / "systemd/gadget")))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
