"""The first boot of a card that `deploy.sh card` has prepared: bachd is installed without a network, and plays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.card.test_prepare import IMAGER, RUN, partition
from tests.systemd.container import TOP, Container, booted

SETTINGS = """datasource_list: [ NoCloud, None ]
datasource:
  NoCloud:
    seedfrom: file:///boot/firmware
"""
"""How Raspberry Pi OS has cloud-init look at the boot partition."""
META_DATA = {"stock": "dsmode: local\ninstance_id: rpios-image\n", "imager": "instance-id: rpi-imager-1\n"}


@pytest.fixture
def card(tmp_path: Path, archive: Path, suite: str) -> Callable[[], Path]:
    """Prepare a boot partition, with this machine's packages in place of a Pi's."""

    def prepared() -> Path:
        boot, packages = tmp_path / "bootfs", tmp_path / "packages"
        packages.mkdir()
        shutil.copy(archive / "Packages", packages)
        (package,) = archive.glob("bachd_*.deb")
        (packages / f"{package.name.rpartition('_')[0]}_arm64.deb").touch()
        subprocess.run([TOP / "deploy.sh", "card", boot, packages], check=True)
        for each in archive.iterdir():
            shutil.copy(each, boot / "bachd")
        return boot

    return prepared


def plays(machine: Container, boot: Path) -> None:
    """Wait until it plays; then nothing of the installation is left on the card."""
    machine.run("sh", "-c", "until [ -e /var/log/bachd-install.log ]; do sleep 0.2; done")
    assert machine.show("ActiveState") == "active"
    assert not (boot / "bachd").exists()
    assert not (boot / "bachd-log.txt").exists()


@pytest.mark.parametrize("meta_data", META_DATA)
def test_cloud_init_installs_it_and_does_what_imager_asked_for(
    suite: str, tmp_path: Path, card: Callable[[], Path], meta_data: str
) -> None:
    if suite != "trixie":
        pytest.skip("only trixie's images have cloud-init")
    boot = partition(tmp_path / "bootfs", suite)
    (boot / "meta-data").write_text(META_DATA[meta_data])
    (boot / "user-data").write_text("#cloud-config\nhostname: mine\nruncmd:\n- [touch, /root/mine]\n")
    (boot / "network-config").unlink()
    card()
    (tmp_path / "99_raspberry-pi.cfg").write_text(SETTINGS)
    # A Pi has NetworkManager, which this does not wait for.
    more = (
        f"--bind={boot}:/boot/firmware",
        f"--bind={tmp_path}/99_raspberry-pi.cfg:/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg",
    )
    mask = "--bind=/dev/null:/etc/systemd/system/systemd-networkd-wait-online.service"
    (tmp_path / "shared").mkdir()
    with booted(suite, tmp_path / "shared", *more, mask, having="cloud-init") as machine:
        plays(machine, boot)
        machine.run("cloud-init", "status", "--wait", check=False)
        assert machine.out("hostname") == "mine"
        machine.run("test", "-e", "/root/mine")
    assert not (boot / "vendor-data").exists()


@pytest.mark.parametrize("imager", [False, True], ids=["stock", "imager"])
def test_the_first_run_installs_it_and_boots_as_ever_afterwards(
    suite: str, tmp_path: Path, card: Callable[[], Path], imager: bool
) -> None:
    """What systemd.run= names is run; that systemd does so is its own affair."""
    if suite != "bookworm":
        pytest.skip("trixie's images have cloud-init")
    boot = partition(tmp_path / "bootfs", suite)
    before = (boot / "cmdline.txt").read_text()
    run = "/boot/firmware/bachd/install"
    if imager:
        (boot / "cmdline.txt").write_text(before.strip() + RUN)
        (boot / "firstrun.sh").write_text(IMAGER.replace("rm -f /boot/firstrun.sh\n", ""))
        run = "/boot/firmware/firstrun.sh"
    card()
    (tmp_path / "shared").mkdir()
    with booted(suite, tmp_path / "shared", f"--bind={boot}:/boot/firmware") as machine:
        machine.run("bash", run)
        plays(machine, boot)
        if imager:
            assert machine.out("cat", "/etc/hostname") == "pi"
    if imager:
        assert "bachd" not in (boot / "firstrun.sh").read_text()
    else:
        assert (boot / "cmdline.txt").read_text() == before
