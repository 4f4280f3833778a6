"""What becomes of the image when it is booted: bachd plays, Imager's settings are obeyed, and read-only is read-only.

Law: a fault is told with what the system said of it; times are those of an emulated processor, and fail nothing.

`python3 -m tests.image.boot IMAGE [--only bare|owned]`: IMAGE is what packaging/image/build has made.
Wants qemu-system-arm, mtools and e2fsprogs, 5 GB of room in $TMPDIR, and some minutes for each of the nine boots.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.image.card import Card
from tests.image.machine import boot
from tests.pi import pace
from tests.pi.waiting import GuestError, say

TOOLS = {"qemu-system-aarch64": "qemu-system-arm", "mcopy": "mtools", "mke2fs": "e2fsprogs"}
SIZE = 4 << 30
"""Bytes of the card."""
LIMIT = 1500.0
"""Seconds after which a boot has failed."""
BOOTS = {
    "bare": ["bare"],
    "owned": ["imager", "overlay", "overlay-again", "writable", "kept", "missing", "kept-again", "returned"],
}
"""Two cards: one as it was flashed, one with settings of Imager's; what is looked at in each boot is in look.py."""
STICK = "writable"
"""From this boot on, a partition called bachd-kept is there."""
MISSING = "missing"
"""In this boot it is not."""
UNTOUCHED = ("overlay", "kept", "missing")
"""Boots of which there is to be no trace on the card."""
TESTS = Path(__file__).parents[1]
USER_DATA = """#cloud-config
manage_resolv_conf: false

hostname: violin
manage_etc_hosts: true
packages:
- avahi-daemon
timezone: Europe/Berlin
keyboard:
  model: pc105
  layout: "de"
user:
  name: anna
  shell: /bin/bash
  lock_passwd: false
  passwd: "$6$bachd$IH.eSb.7/Wz1uN5PjQOkgirf43QhLgA/KVehEZ6xzsOMU2RE9x0UlLdqQrGaw4jKBOC8r8AzFU8tUrVMDE6qX/"
  sudo: null
ssh_pwauth: true
runcmd:
  - [ systemctl, enable, --now, ssh ]
"""
NETWORK = """network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
      dhcp6: true
      optional: true
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "home":
          password: "5e73b53ebd25225b1d9e5e4ab5d8f0d1c7a0e6f9a1b2c3d4e5f60718293a4b5c"
      optional: true
"""
"""Both as Imager writes them for `init_format: cloudinit`, where name, user, Wi-Fi and ssh are set."""


def customise(card: Card) -> None:
    """Do what Imager does after it has written the image."""
    card.write("meta-data", "instance-id: rpi-imager-1\n")
    card.write("user-data", USER_DATA)
    card.write("network-config", NETWORK)
    words = card.read("cmdline.txt").decode().strip()
    card.write("cmdline.txt", words + " cfg80211.ieee80211_regdom=DE ds=nocloud;i=rpi-imager-1")


def main(image: Path, only: list[str], work: Path) -> int:
    """Boot it as often as is asked for; returns the exit status."""
    shared, stick = work / "shared", work / "stick"
    for folder in ("image", "pi"):
        shutil.copytree(TESTS / folder, shared / "tests" / folder)
    subprocess.run(["truncate", "--size=200M", stick], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "bachd-kept", stick], check=True)
    for name in only:
        card = Card(image, work / "card", SIZE)
        if name != "bare":
            customise(card)
        disks: list[Path] = []
        for what in BOOTS[name]:
            if what == STICK:
                disks.append(stick)
            before = card.digest() if what in UNTOUCHED else ""
            try:
                there = [] if what == MISSING else disks
                seconds = boot(card, shared, f"python3 -m tests.image.look {what} {pace.seconds():.4f}", LIMIT, there)
                if what in UNTOUCHED and card.digest() != before:
                    raise GuestError("the card has been written to")
            except GuestError as fault:
                say(f"FAIL  {what}: {fault}")
                return 1
            say(f"      the machine was on for {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Boot an image of packaging/image/build in QEMU.")
    parser.add_argument("image", type=Path)
    parser.add_argument("--only", choices=BOOTS, help="one of the two cards")
    words = parser.parse_args()
    if not words.image.is_file():
        parser.error(f"there is no {words.image}: sudo packaging/image/build")
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            parser.error(f"{tool} is missing: apt install {package}")
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(words.image, [words.only] if words.only else list(BOOTS), Path(folder)))
