"""Write what Raspberry Pi Imager wants to know of an image, so that it offers it, with name, user, Wi-Fi and ssh.

Law: what it says of the image is measured, and nothing is written if the image cannot be read to its end.

`python3 -I manifest.py IMAGE.img.xz [--url FOLDER]` prints it. FOLDER: where the image and its icon, bachd.svg, will
lie, an address or a folder of this machine; the folder that the image is in, if that is missing. The keys are those of
Imager's schema: https://github.com/raspberrypi/rpi-imager/blob/main/doc/json-schema/os-list-schema.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ICON = "bachd.svg"
DEVICES = {
    "Raspberry Pi 4": ("Models B, 400, and Compute Module 4", "pi4-64bit"),
    "Raspberry Pi 3": ("Models A+, B, B+, and Compute Module 3", "pi3-64bit"),
    "Raspberry Pi Zero 2 W": ("", "pi3-64bit"),
}
"""What they are called, what else is of that kind, and the tag by which Imager knows them."""
_BLOCK = 1 << 20
"""Bytes that are read at once."""


class ManifestError(Exception):
    """The image is none."""


def manifest(image: Path, folder: str) -> dict[str, Any]:
    """What Imager reads. folder: an address that ends in a slash. Raises ManifestError."""
    try:
        packed, unpacked = _measure(image)
    except (OSError, EOFError, lzma.LZMAError) as fault:
        raise ManifestError(f"{image} cannot be read ({fault}); packaging/image/build makes an image") from fault
    system = {
        "name": "bachd",
        "description": "A Debian that plays Bach-like music through a MIDI port or a loudspeaker as soon as it boots",
        "icon": folder + ICON,
        "url": folder + image.name,
        "extract_size": unpacked[0],
        "extract_sha256": unpacked[1],
        "image_download_size": packed[0],
        "image_download_sha256": packed[1],
        "release_date": datetime.fromtimestamp(image.stat().st_mtime, UTC).date().isoformat(),
        "devices": sorted({tag for _, tag in DEVICES.values()}),
        "architecture": "armv8",
        # Debian's cloud-init has no module for a Pi's buses, for which this would be cloudinit-rpi.
        "init_format": "cloudinit",
    }
    devices = [
        {"name": name, "description": more, "tags": [tag], "matching_type": "inclusive", "architecture": "armv8"}
        for name, (more, tag) in DEVICES.items()
    ]
    return {"imager": {"devices": devices}, "os_list": [system]}


def _measure(image: Path) -> tuple[tuple[int, str], tuple[int, str]]:
    """Size in bytes and SHA-256 of the file, and of what is in it. Raises OSError, EOFError or LZMAError."""
    with image.open("rb") as file:
        packed = _digest(file)
    with lzma.open(image) as file:
        return packed, _digest(file)


def _digest(file: Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def main() -> int:
    """Print it; returns the exit status."""
    parser = argparse.ArgumentParser(description="Print a manifest of an image for Raspberry Pi Imager.")
    parser.add_argument("image", type=Path)
    parser.add_argument("--url", metavar="FOLDER", help="where the image will lie, and bachd.svg beside it")
    words = parser.parse_args()
    folder = words.url or str(words.image.parent)
    if "://" not in folder:
        folder = Path(folder).resolve().as_uri()
    try:
        text = json.dumps(manifest(words.image, f"{folder.rstrip('/')}/"), indent=2)
    except ManifestError as fault:
        sys.stderr.write(f"manifest: {fault}\n")
        return 1
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
