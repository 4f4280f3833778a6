"""`deploy.sh card`: a card is prepared beside what Raspberry Pi Imager wrote, or refused and left as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import TOP

IMAGER = "#!/bin/bash\n\nset +e\n\necho pi > /etc/hostname\nrm -f /boot/firstrun.sh\nexit 0\n"
RUN = " systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"


@pytest.fixture(params=["trixie", "bookworm"])
def suite(request: pytest.FixtureRequest) -> str:
    """What the card has been flashed with."""
    return str(request.param)


@pytest.fixture
def boot(tmp_path: Path, suite: str) -> Path:
    """A boot partition with the files by which the 64-bit image of a suite is known."""
    return partition(tmp_path / "bootfs", suite)


@pytest.fixture
def packages(tmp_path: Path, suite: str) -> Path:
    """A folder as packaging/deb/offline leaves it."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / f"bachd_1.0~deb{ {'bookworm': 12, 'trixie': 13}[suite] }_arm64.deb").write_bytes(b"a package" * 1000)
    (folder / "Packages").write_text("Package: bachd\n")
    return folder


def partition(folder: Path, suite: str) -> Path:
    """Write a boot partition as pi-gen does."""
    (folder / "overlays").mkdir(parents=True)
    (folder / "issue.txt").write_text("Raspberry Pi reference 2025-10-01\nGenerated using pi-gen\n")
    (folder / "config.txt").write_text("# see /boot/firmware/overlays/README\narm_64bit=1\n")
    (folder / "kernel8.img").touch()
    words = "console=serial0,115200 console=tty1 root=PARTUUID=12-02 rootfstype=ext4 fsck.repair=yes rootwait"
    last = {"trixie": " resize", "bookworm": " quiet init=/usr/lib/raspberrypi-sys-mods/firstboot"}[suite]
    (folder / "cmdline.txt").write_text(words + last + "\n")
    if suite == "trixie":
        (folder / "user-data").write_text("#cloud-config\nhostname: pi\nruncmd:\n- [rfkill, unblock, wifi]\n")
        (folder / "meta-data").write_text("instance-id: rpi-imager-1\n")
        (folder / "network-config").write_text("network: {version: 2}\n")
    return folder


def prepare(boot: Path, packages: Path) -> subprocess.CompletedProcess[str]:
    """Run it."""
    command = [str(TOP / "deploy.sh"), "card", str(boot), str(packages)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder."""
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


def test_what_imager_wrote_stays_and_the_first_boot_installs(boot: Path, packages: Path, suite: str) -> None:
    before = contents(boot)
    done = prepare(boot, packages)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"is ready ({suite})" in done.stderr
    after = contents(boot)
    for each in packages.iterdir():
        assert after[f"bachd/{each.name}"] == each.read_bytes()
    assert after["bachd/install"] == (TOP / "packaging/card/install").read_bytes()
    changed = {name for name in before if after[name] != before[name]}
    new = {name for name in after if name not in before and not name.startswith("bachd")}
    if suite == "trixie":
        assert (changed, new) == (set(), {"vendor-data"})
        assert (boot / "vendor-data").read_text().startswith("#cloud-boothook\n#!/bin/sh\n")
        subprocess.run(["sh", "-n", boot / "vendor-data"], check=True)
    else:
        assert (changed, new) == ({"cmdline.txt"}, set())
        (line,) = (boot / "cmdline.txt").read_text().splitlines()
        assert line.startswith((before["cmdline.txt"] or b"").decode().strip())
        assert line.endswith(RUN.replace("/boot/firstrun.sh", "/boot/firmware/bachd/install"))


@pytest.mark.parametrize("suite", ["bookworm"], indirect=True)
def test_imagers_own_first_run_does_both(boot: Path, packages: Path) -> None:
    (boot / "firstrun.sh").write_text(IMAGER)
    words = (boot / "cmdline.txt").read_text().strip() + RUN
    (boot / "cmdline.txt").write_text(words)
    assert prepare(boot, packages).returncode == 0
    assert (boot / "cmdline.txt").read_text() == words
    lines = (boot / "firstrun.sh").read_text().splitlines()
    assert "/boot/firmware/bachd/install" in lines.pop(1)
    assert lines == IMAGER.splitlines()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda boot: (boot / "config.txt").unlink(), "is not the boot partition of a Raspberry Pi"),
        (lambda boot: (boot / "issue.txt").write_text("Ubuntu"), "is not from Raspberry Pi OS"),
        (lambda boot: (boot / "kernel7.img").touch(), "is of a 32-bit system"),
        (lambda boot: (boot / "bachd").mkdir(), "has been prepared already"),
    ],
    ids=["no boot partition", "another system", "32 bits", "prepared"],
)
def test_what_it_cannot_prepare_is_refused_in_one_line(boot: Path, packages: Path, spoil: object, says: str) -> None:
    assert callable(spoil)
    spoil(boot)
    refused(boot, packages, says)


@pytest.mark.parametrize("suite", ["bookworm"], indirect=True)
def test_an_older_system_or_one_that_has_been_booted_is_refused(boot: Path, packages: Path) -> None:
    text = (boot / "cmdline.txt").read_text()
    (boot / "cmdline.txt").write_text(text.replace(" init=/usr/lib/raspberrypi-sys-mods/firstboot", ""))
    refused(boot, packages, "has been booted already")
    (boot / "cmdline.txt").write_text(text)
    (boot / "config.txt").write_text("# see /boot/overlays/README\n")
    refused(boot, packages, "is of an older Raspberry Pi OS")


def test_packages_for_another_system_are_refused(boot: Path, packages: Path, suite: str) -> None:
    (package,) = packages.glob("bachd_*")
    package.rename(packages / "bachd_1.0~deb11_arm64.deb")
    refused(boot, packages, f"is not for {suite}")
    (packages / "Packages").unlink()
    refused(boot, packages, "there are no packages in")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with hardly any room."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "card", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small file system")
def test_a_full_card_is_refused_before_anything_is_written(small: Path, packages: Path, suite: str) -> None:
    boot = partition(small / "bootfs", suite)
    (packages / "more.deb").write_bytes(bytes(1500_000))
    refused(boot, packages, "remove what you have put there")


def refused(boot: Path, packages: Path, says: str) -> None:
    """Hold that it is refused in one line, and left as it was."""
    before = contents(boot)
    done = prepare(boot, packages)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("card: ")
    assert says in line
    assert contents(boot) == before
