"""What leaves the card as it is: what is written where, what is kept, what is refused, and the way back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.systemd.fake_system import FakeSystem

CMDLINE = "boot/firmware/cmdline.txt"
FSTAB = "etc/fstab"
INITRD = f"boot/initrd.img-{os.uname().release}"
GREP = "usr/bin/grep"
SCRIPT = "scripts/init-bottom/overlayroot"
BOOT = "PARTUUID=12-01 /boot/firmware\tvfat defaults 0 2"
ROOT = "PARTUUID=12-02 / ext4 defaults,noatime 0 1"
WORD = "overlayroot=tmpfs:recurse=0"
UNIT = "etc/systemd/system/bachd-kept.service"
WANTED = "etc/systemd/system/multi-user.target.wants/bachd-kept.service"
LABEL = "dev/disk/by-label/bachd-kept"
TEMPO = "etc/bachd/config.yaml"
PIECE = "var/lib/bachd/favourites.json"
TOOLS = {
    "findmnt": 'if [ -e "$BACHD_ROOT/active" ]; then echo overlay; else echo ext4; fi',
    "mount": '[ ! -e "$BACHD_ROOT/no-mount" ] && touch "$BACHD_ROOT/mounted"',
    "umount": 'rm "$BACHD_ROOT/mounted"',
    "mountpoint": '[ -e "$BACHD_ROOT/mounted" ] && [ "$2" != "$BACHD_ROOT$(cat "$BACHD_ROOT/unbound" 2> /dev/null)" ]',
    "dpkg-query": '[ -e "$BACHD_ROOT/$2" ]',
    "apt-get": 'cd "$BACHD_ROOT"; verb=$1; [ ! -e no-network ] || exit 100; for name; do case $verb:$name in'
    " install:overlayroot | install:busybox) touch $name ;; purge:overlayroot | purge:busybox) rm $name ;; esac; done",
    "lsinitramfs": 'cat "$1"',
}
"""The commands of a system whose partitions, packages and initramfs are files."""


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    """A Pi with an initramfs, settings and a favourite."""
    system = FakeSystem(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "auto_initramfs=1\n")
    for name, text in TOOLS.items():
        system.write(f"bin/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)
    system.write(FSTAB, f"# /boot/firmware vfat is next\n{BOOT}\n{ROOT}\n")
    system.write(INITRD, f"init\n{SCRIPT}\n{GREP}\n")
    system.write(TEMPO, "tempo: 80\n")
    system.write(PIECE, "[1]\n")
    system.write("overlayroot", "")
    system.write("busybox", "")
    return system


def label(system: FakeSystem) -> None:
    """Give it a partition that is called bachd-kept."""
    (system.root / LABEL).parent.mkdir(parents=True)
    system.write("dev/sda1", "")
    (system.root / LABEL).symlink_to("../../sda1")


def done(system: FakeSystem, word: str) -> str:
    """What it says when it is done."""
    ended = system.run("readonly", word)
    assert ended.returncode == 0, ended.stderr
    (line,) = ended.stderr.splitlines()
    return line


@pytest.mark.parametrize("more", ["quiet", "rw quiet", "ro quiet"])
def test_one_word_makes_it_so_and_off_takes_it_out_again(system: FakeSystem, more: str) -> None:
    """Root is then mounted neither for writing nor as an overlay that cannot be written to."""
    system.write(CMDLINE, f"console=tty1 root=PARTUUID=12-02 {more}\n")
    before = system.files()
    assert "nothing is kept, settings neither: sudo reboot" in done(system, "on")
    words = system.text(CMDLINE).split()
    assert not {"ro", "rw"} & set(words)
    assert [word.split(",")[0] for word in words if word.startswith("overlayroot")] == [WORD]
    assert {name for name, text in system.files().items() if before[name] != text} == {CMDLINE, FSTAB}
    assert system.text(FSTAB) == before[FSTAB].replace("vfat defaults", "vfat defaults,ro,x-bachd-readonly")
    assert "it is on already" in done(system, "on")
    assert done(system, "off") == "readonly: it is off"
    assert sorted(system.text(CMDLINE).split()) == sorted(before[CMDLINE].split())
    assert {name for name, text in system.files().items() if before[name] != text} <= {CMDLINE}
    assert done(system, "off") == "readonly: it is not on"


def test_what_imager_appends_without_a_newline_stays(system: FakeSystem) -> None:
    system.write(CMDLINE, "console=tty1 root=PARTUUID=12-02 ds=nocloud;i=rpi-imager-1")
    done(system, "on")
    assert system.text(CMDLINE) == f"console=tty1 root=PARTUUID=12-02 ds=nocloud;i=rpi-imager-1 {WORD}\n"


def test_a_partition_with_the_label_keeps_settings_and_favourites(system: FakeSystem) -> None:
    label(system)
    before = system.files()
    assert "settings, favourites and recordings are kept on sda1: sudo reboot" in done(system, "on")
    for name in (TEMPO, PIECE):
        assert system.text(f"media/bachd-kept/{name}") == system.text(name)
    assert (system.root / WANTED).resolve() == system.root / UNIT
    mounts = [line for line in system.text(UNIT).splitlines() if "/mount " in line]
    assert [line.split()[-2:] for line in mounts] == [
        ["/dev/disk/by-label/bachd-kept", "/media/bachd-kept"],
        ["/media/bachd-kept/etc/bachd", "/etc/bachd"],
        ["/media/bachd-kept/var/lib/bachd", "/var/lib/bachd"],
    ]
    assert "TimeoutStartSec=120" in system.text(UNIT).splitlines()  # or bachd would wait for a damaged one without end
    # A mount unit that fails would stop bachd, which needs what lies below it: there is to be none.
    assert "bachd" not in system.text(FSTAB).replace("x-bachd-readonly", "")
    assert not (system.root / "mounted").exists()
    done(system, "off")
    assert system.text(FSTAB) == before[FSTAB]
    assert not {UNIT, WANTED} & system.files().keys()


def test_off_puts_what_was_kept_back_on_the_card(system: FakeSystem) -> None:
    label(system)
    before = system.text(FSTAB)
    done(system, "on")
    for name in (FSTAB, TEMPO, PIECE, UNIT):  # the next boot
        system.write(f"media/root-ro/{name}", system.text(name))
    system.write("active", "")
    system.write("mounted", "")
    system.write(TEMPO, "tempo: 99\n")
    system.write("var/lib/bachd/new.mid", "MThd")
    assert "the card is written to from the next boot on" in done(system, "off")
    assert system.text(f"media/root-ro/{TEMPO}") == "tempo: 99\n"
    assert system.text(f"media/root-ro/{PIECE}") == "[1]\n"
    assert system.text("media/root-ro/var/lib/bachd/new.mid") == "MThd"
    assert system.text(f"media/root-ro/{FSTAB}") == before
    assert not (system.root / "media/root-ro" / UNIT).exists()
    assert "overlayroot" not in system.text(CMDLINE)
    assert "from the next boot on" in done(system, "off")
    system.refuses("readonly", "on", "this boot is read-only still: sudo reboot")


@pytest.mark.parametrize("unbound", ["etc/bachd", "var/lib/bachd"])
def test_a_partition_that_lacks_a_folder_does_not_replace_the_card(system: FakeSystem, unbound: str) -> None:
    """Then one of the two folders is in memory, and gone with this boot as everything there."""
    label(system)
    done(system, "on")
    for name in (FSTAB, TEMPO, UNIT):
        system.write(f"media/root-ro/{name}", system.text(name))
    system.write("active", "")
    system.write("mounted", "")
    system.write("unbound", f"/{unbound}")
    system.write(TEMPO, "tempo: 99\n")
    done(system, "off")
    assert system.text(f"media/root-ro/{TEMPO}") == "tempo: 80\n"


def test_without_the_partition_what_is_in_memory_does_not_replace_the_card(system: FakeSystem) -> None:
    done(system, "on")
    for name in (FSTAB, TEMPO):
        system.write(f"media/root-ro/{name}", system.text(name))
    system.write("active", "")
    system.write(TEMPO, "tempo: 99\n")
    done(system, "off")
    assert system.text(f"media/root-ro/{TEMPO}") == "tempo: 80\n"


def test_whoever_takes_the_word_out_by_hand_gets_the_boot_partition_back(system: FakeSystem) -> None:
    before = system.files()
    done(system, "on")
    system.write(CMDLINE, before[CMDLINE])
    assert done(system, "off") == "readonly: it is not on"
    assert system.files() == before


@pytest.mark.parametrize("words", ["gadget on", "gadget off", "din uart0", "din off"])
def test_what_would_be_gone_by_half_at_the_next_boot_is_refused(system: FakeSystem, words: str) -> None:
    (system.root / "media/root-ro").mkdir(parents=True)
    system.write("active", "")
    script, word = words.split()
    system.refuses(script, word, "the card is left as it is, so half of this would be gone at the next boot")


@pytest.mark.parametrize(("packages", "lacks"), [(["overlayroot", "busybox"], SCRIPT), (["busybox"], GREP)])
def test_overlayroot_is_installed_where_it_is_missing_and_removed_when_that_was_in_vain(
    system: FakeSystem, packages: list[str], lacks: str
) -> None:
    """Without busybox, its script has no grep, and makes no overlay."""
    for name in packages:
        (system.root / name).unlink()
    # The installation does not reach it.
    system.write(INITRD, "".join(f"{name}\n" for name in {SCRIPT, GREP} - {lacks}))
    before = system.files()
    ended = system.run("readonly", "on")
    assert ended.returncode == 1
    assert f"installing with apt-get: {' '.join(packages)}\n" in ended.stderr
    assert f"lacks {lacks.rpartition('/')[2]}: sudo update-initramfs -u" in ended.stderr
    assert system.files() == before
    system.write(INITRD, f"{SCRIPT}\n{GREP}\n")
    assert system.run("readonly", "on").returncode == 0
    assert all((system.root / name).exists() for name in packages)


def test_without_a_network_nothing_is_done(system: FakeSystem) -> None:
    (system.root / "overlayroot").unlink()
    system.write("no-network", "")
    before = system.files()
    ended = system.run("readonly", "on")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("readonly: apt-get cannot install overlayroot; connect this Pi")
    assert system.files() == before


def test_what_cannot_be_is_refused(system: FakeSystem) -> None:
    label(system)
    system.write("no-mount", "")
    system.refuses("readonly", "on", "the partition bachd-kept cannot be mounted")
    system.write("no-modprobe", "")
    system.refuses("readonly", "on", "this kernel has no overlayfs")
    system.write("boot/firmware/config.txt", "arm_64bit=1\n")
    system.refuses("readonly", "on", "boots without an initramfs")
    (system.root / INITRD).unlink()
    system.write("boot/firmware/config.txt", "auto_initramfs=1\n")
    system.refuses("readonly", "on", "boots without an initramfs")
    (system.root / CMDLINE).unlink()
    for word in ("on", "off"):
        system.refuses("readonly", word, "this is for a Raspberry Pi")
