"""What doctor says of DIN sockets on a UART."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.service.doctor.din import din
from bachd.service.doctor.machine import Finding, Machine

UNIT = (Path(__file__).parents[3] / "systemd" / "bachd-din.service").read_text()
SWAP = "enable_uart=1\ndtoverlay=miniuart-bt\n"


def look(
    root: Path, model: str = "Raspberry Pi 4 Model B", *, config: str = SWAP, cmdline: str = "", device: str = ""
) -> list[Finding]:
    """device: for which it is set up."""
    files = {"proc/device-tree/model": f"{model}\0", "boot/firmware/config.txt": config, "proc/cmdline": cmdline}
    if device:
        text = UNIT.replace("@DEVICE@", device).replace("@SPEED@", "31250")
        files["etc/systemd/system/bachd-din.service"] = text
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return list(din(Machine(root)))


def uart(root: Path, name: str = "ttyAMA0") -> None:
    (root / "dev").mkdir()
    (root / "dev" / name).touch()


def test_nothing_is_said_where_there_is_no_pi(tmp_path: Path) -> None:
    assert list(din(Machine(tmp_path))) == []


def test_a_pi_without_them_is_well(tmp_path: Path) -> None:
    (found,) = look(tmp_path)
    assert (found.state, "./deploy.sh din uart0" in found.seen) == ("ok", True)


@pytest.mark.parametrize("overlay", ["midi-uart0", "midi-uart3-pi5"])
def test_an_overlay_alone_plays_nothing(tmp_path: Path, overlay: str) -> None:
    (found,) = look(tmp_path, config=f"#dtoverlay=midi-uart5\ndtoverlay={overlay}\n")
    assert found.state == "note"
    assert f"./deploy.sh din uart{overlay[9]}" in found.todo


def test_what_is_set_up_is_named_as_a_port(tmp_path: Path) -> None:
    uart(tmp_path)
    (found,) = look(tmp_path, device="/dev/ttyAMA0", cmdline="console=tty1")
    assert (found.state, found.seen) == ("ok", "the DIN sockets are the port 'DIN' (/dev/ttyAMA0)")


def test_a_uart_that_is_not_there_yet_wants_a_reboot(tmp_path: Path) -> None:
    (found,) = look(tmp_path, device="/dev/ttyAMA0")
    assert (found.state, found.todo.startswith("sudo reboot")) == ("fault", True)


def test_bluetooth_and_the_console_are_named(tmp_path: Path) -> None:
    uart(tmp_path)
    (found,) = look(tmp_path, config="enable_uart=1\n", device="/dev/ttyAMA0")
    assert (found.state, "Bluetooth has" in found.seen) == ("fault", True)
    (found,) = look(tmp_path, "Raspberry Pi 5 Model B", config="dtparam=uart0=on\n", device="/dev/ttyAMA0")
    assert found.state == "ok"
    (found,) = look(tmp_path, device="/dev/ttyAMA0", cmdline="console=ttyAMA0,115200 quiet")
    assert (found.state, "Linux writes its own messages" in found.seen) == ("fault", True)
    (found,) = look(tmp_path, device="/dev/ttyAMA0", cmdline="console=ttyAMA01 quiet")
    assert found.state == "ok"
