"""The manifest that Raspberry Pi Imager reads: what its schema asks for, and what is true of the image."""

from __future__ import annotations

import hashlib
import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging/image/manifest.py"
REQUIRED = {
    "name": str,
    "description": str,
    "icon": str,
    "url": str,
    "extract_size": int,
    "extract_sha256": str,
    "image_download_size": int,
    "release_date": str,
    "devices": list,
}
"""Keys that an operating system must have, and their types, by
https://github.com/raspberrypi/rpi-imager/blob/main/doc/json-schema/os-list-schema.json"""
FORMATS = ("", "systemd", "cloudinit", "cloudinit-rpi", "rpi-preseed", "none")
"""What init_format may be, by the same."""
DEVICE = ("name", "description", "tags")
"""Keys that a device must have, by the same."""
CONTENTS = b"an image" * 10_000


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "bachd_1.0_arm64.img.xz"
    path.write_bytes(lzma.compress(CONTENTS))
    return path


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_has_what_imagers_schema_asks_for_and_measures_the_image(image: Path) -> None:
    done = run(image, "--url", "https://example.org/bachd")
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    assert set(written) <= {"imager", "os_list"}  # the schema allows no other
    (system,) = written["os_list"]
    assert {key: type(system[key]) for key in REQUIRED} == REQUIRED
    assert system["init_format"] in FORMATS
    packed = image.read_bytes()
    assert (system["extract_size"], system["extract_sha256"]) == (len(CONTENTS), hashlib.sha256(CONTENTS).hexdigest())
    assert system["image_download_size"] == len(packed)
    assert system["image_download_sha256"] == hashlib.sha256(packed).hexdigest()
    assert system["url"] == "https://example.org/bachd/bachd_1.0_arm64.img.xz"
    assert system["icon"] == "https://example.org/bachd/bachd.svg"
    devices = written["imager"]["devices"]
    assert all(set(DEVICE) <= set(device) for device in devices)
    assert {tag for device in devices for tag in device["tags"]} == set(system["devices"])


def test_without_an_address_it_is_for_the_image_where_it_lies(image: Path) -> None:
    (system,) = json.loads(run(image).stdout)["os_list"]
    assert system["url"] == image.as_uri()


@pytest.mark.parametrize("spoil", ["cut", "no xz", "missing"])
def test_an_image_that_cannot_be_read_to_its_end_has_none(image: Path, spoil: str) -> None:
    if spoil == "missing":
        image.unlink()
    else:
        image.write_bytes(image.read_bytes()[:-20] if spoil == "cut" else CONTENTS)
    done = run(image)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "packaging/image/build makes an image" in line
