from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from bachd.service.telemetry import addresses, status

HOST, TOKEN = "pi", "login#abc"
OWN_ADDRESSES = addresses._own_addresses


@pytest.fixture(autouse=True)
def pi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without avahi, at one address."""
    monkeypatch.setattr(socket, "gethostname", lambda: HOST)
    monkeypatch.setattr(addresses, "AVAHI", tmp_path / "avahi")
    monkeypatch.setattr(addresses, "_own_addresses", lambda: ["192.168.1.5"])
    return tmp_path


def test_a_page_for_all_is_told_by_address_and_by_name_where_avahi_is(pi: Path) -> None:
    link = f"http://{HOST}:8080/{TOKEN}"
    assert addresses.elsewhere(link) == [f"http://192.168.1.5:8080/{TOKEN}"]
    (pi / "avahi").touch()
    assert addresses.elsewhere(link) == [f"http://pi.local:8080/{TOKEN}", f"http://192.168.1.5:8080/{TOKEN}"]


def test_each_network_has_its_link_and_the_qr_code_is_for_the_first(pi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_own_addresses", lambda: ["192.168.1.5", "10.0.0.1"])
    (pi / "avahi").touch()
    link = f"http://{HOST}:8080/{TOKEN}"
    assert addresses.elsewhere(link) == [
        f"http://{host}:8080/{TOKEN}" for host in ("pi.local", "192.168.1.5", "10.0.0.1")
    ]
    monkeypatch.setattr(addresses, "qr_code", lambda link: link)
    assert status.qr_code({"page": link}) == f"http://192.168.1.5:8080/{TOKEN}"


@pytest.mark.skipif(shutil.which("ip") is None, reason="there is no ip here")
def test_the_addresses_of_this_machine_are_its_interfaces() -> None:
    told = subprocess.run(["ip", "-o", "-4", "addr"], capture_output=True, text=True, check=True).stdout
    there = {line.split()[3].partition("/")[0] for line in told.splitlines() if " lo " not in line}
    assert set(OWN_ADDRESSES()) <= there
    assert bool(OWN_ADDRESSES()) is bool(there)


def test_without_a_network_the_name_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_own_addresses", list)
    assert addresses.elsewhere(f"http://{HOST}:8080/{TOKEN}") == [f"http://{HOST}:8080/{TOKEN}"]


def test_a_page_at_one_address_is_told_by_that() -> None:
    for link in (f"http://10.0.0.7:8080/{TOKEN}", f"http://[fd00::7]:8080/{TOKEN}"):
        assert addresses.elsewhere(link) == [link]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("http://127.0.0.1:8080/", "ssh -L 8080:127.0.0.1:8080 USER@pi, then http://localhost:8080/"),
        ("http://[::1]:81/login#abc", "ssh -L 81:[::1]:81 USER@pi, then http://localhost:81/login#abc"),
    ],
)
def test_a_page_for_this_machine_is_reached_by_ssh(link: str, told: str) -> None:
    assert addresses.elsewhere(link) == []
    assert addresses.by_ssh(link) == told
    assert status.qr_code({"page": link}) == ""


def test_the_qr_code_is_the_link() -> None:
    segno = pytest.importorskip("segno")
    code = status.qr_code({"page": f"http://{HOST}:8080/{TOKEN}"})
    size = segno.make(f"http://192.168.1.5:8080/{TOKEN}", error="l").symbol_size()[1]
    assert len(code.splitlines()) == (size + 1) // 2
    assert status.qr_code({"page": None}) == ""
