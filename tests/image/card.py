"""A card with the image on it: the boot partition's files are read and written as another computer would.

Law: the image itself is never written to.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import struct
import subprocess
from pathlib import Path

_SECTOR = 512
_TABLE = 446
"""Where the first of a partition table's entries begins; each has 16 bytes, and the first sector at the eighth."""
_BLOCK = 1 << 20


class Card:
    """A copy of the image, on a card of some size."""

    def __init__(self, image: Path, path: Path, size: int) -> None:
        """image: .img or .img.xz. path: of the copy. size: of the card, in bytes."""
        self.path = path
        with (lzma.open if image.suffix == ".xz" else open)(image, "rb") as source, path.open("wb") as copy:
            while block := source.read(_BLOCK):
                if block.strip(b"\0"):
                    copy.write(block)
                else:  # a hole takes no room
                    copy.seek(len(block), os.SEEK_CUR)
            copy.truncate(size)
        with path.open("rb") as copy:
            copy.seek(_TABLE + 8)
            (sector,) = struct.unpack("<I", copy.read(4))
        self._boot = f"{path}@@{sector * _SECTOR}"

    def digest(self) -> str:
        """Return the SHA-256 of all that is on it."""
        with self.path.open("rb") as card:
            return hashlib.file_digest(card, "sha256").hexdigest()

    def read(self, name: str) -> bytes:
        """Return what a file of the boot partition holds. Raises CalledProcessError if there is none."""
        return subprocess.run(["mtype", "-i", self._boot, f"::{name}"], capture_output=True, check=True).stdout

    def write(self, name: str, text: str) -> None:
        """Write a file there."""
        command = ["mcopy", "-o", "-i", self._boot, "-", f"::{name}"]
        subprocess.run(command, input=text.encode(), check=True)

    def names(self) -> list[str]:
        """Return the names of the files and folders at its top."""
        command = ["mdir", "-b", "-i", self._boot, "::"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [line.removeprefix("::/").rstrip("/") for line in listing.splitlines()]

    def setting(self, key: str) -> str:
        """Return what config.txt says of a key, such as kernel. Raises LookupError."""
        for line in self.read("config.txt").decode().splitlines():
            for mark in ("=", " "):
                if line.startswith(key + mark):
                    return line.removeprefix(key + mark).strip()
        raise LookupError(f"config.txt names no {key}")
