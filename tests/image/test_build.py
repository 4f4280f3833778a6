"""packaging/image/build: what cannot become an image is refused in one line, before anything is done."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TOOLS = "mmdebstrap qemu-aarch64-static update-binfmts arch-test mcopy mkfs.vfat mke2fs sfdisk xz flock"
"""What it calls that a machine may lack; here, each fails."""
COMMANDS = "bash dirname dpkg-deb find python3 realpath rm sed tail tar tr"
"""What it may call of this machine's."""

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="only Debian and its like have packages")


class Builder:
    """A machine of root's that has all it needs, but for what a test takes away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        for name in TOOLS.split():
            self.tool(name, "exit 1")
        for name in COMMANDS.split():
            (folder / "bin" / name).symlink_to(shutil.which(name) or "missing")
        self.tool("id", "echo 0")
        self.tool("df", "echo Avail; echo 9000")

    def tool(self, name: str, text: str) -> None:
        (self.folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.folder / "bin" / name).chmod(0o755)

    def package(self, name: str = "bachd", version: str = "1.0~deb13", architecture: str = "arm64") -> Path:
        tree = self.folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: me\nDescription: it\n"
        )
        (tree / "DEBIAN/control").write_text(control)
        path = self.folder / "it.deb"
        subprocess.run(["dpkg-deb", "--build", tree, path], check=True, capture_output=True)
        shutil.rmtree(tree)
        return path

    def refuses(self, says: str, *words: Path | str) -> None:
        """Assert that it says so in one line, and leaves nothing behind."""
        before = sorted(self.folder.rglob("*"))
        environment = {"PATH": str(self.folder / "bin"), "XDG_CACHE_HOME": str(self.folder / "cache")}
        command = [TOP / "packaging/image/build", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 1, done.stderr
        line = done.stderr.strip()
        assert "\n" not in line, line
        assert says in line
        assert sorted(self.folder.rglob("*")) == before


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_it_needs_root(builder: Builder) -> None:
    builder.tool("id", "echo 1000")
    builder.refuses(
        "this needs root, for chroot: sudo packaging/image/build", builder.package(), builder.folder / "out"
    )


def test_what_is_missing_is_named_with_its_package(builder: Builder) -> None:
    for name in ("mmdebstrap", "mcopy"):
        (builder.folder / "bin" / name).unlink()
    builder.refuses("something is missing: apt install mmdebstrap mtools", builder.package(), builder.folder / "out")


def test_a_package_that_is_not_there_is_to_be_built(builder: Builder) -> None:
    builder.refuses("sudo packaging/deb/build trixie arm64 makes a package", builder.folder / "no.deb", builder.folder)


@pytest.mark.parametrize(
    ("name", "version", "architecture", "says"),
    [
        ("bachd", "1.0~deb12", "arm64", "is for another Debian than trixie"),
        ("bachd", "1.0~deb13", "amd64", "is not bachd's package for arm64"),
        ("handeld", "1.0~deb13", "arm64", "is not bachd's package for arm64"),
    ],
)
def test_another_package_is_refused(builder: Builder, name: str, version: str, architecture: str, says: str) -> None:
    builder.refuses(says, builder.package(name, version, architecture), builder.folder / "out")


def test_a_file_that_is_no_package_is_refused(builder: Builder) -> None:
    package = builder.folder / "it.deb"
    package.write_text("no package")
    builder.refuses("is not bachd's package for arm64", package, builder.folder / "out")


def test_without_room_nothing_is_begun(builder: Builder) -> None:
    builder.tool("df", "echo Avail; echo 7999")
    builder.refuses("there are 7999 MB free for", builder.package(), builder.folder / "out")


def test_where_arm64_cannot_run_it_says_what_to_do(builder: Builder) -> None:
    builder.tool("mountpoint", "exit 0")
    builder.refuses("programs for arm64 do not run here: apt install", builder.package(), builder.folder / "out")


def test_what_is_added_to_the_boot_partitions_files_outlives_a_new_kernel(tmp_path: Path) -> None:
    """raspi-firmware writes both files anew, and adds what is in these two."""
    boot, settings = tmp_path / "boot/firmware", tmp_path / "etc/default"
    boot.mkdir(parents=True)
    settings.mkdir(parents=True)
    (boot / "config.txt").write_text("kernel=a\n\n# Inserted by /etc/default/x\ndtparam=a\n# bachd gadget: begin\n")
    (boot / "cmdline.txt").write_text("console=tty1 root=PARTUUID=1-02 rw rootwait quiet overlayroot=tmpfs,was=rw\n")
    script = TOP / "packaging/image/files/usr/local/sbin/keep-boot-settings"
    subprocess.run([script], env=os.environ | {"BACHD_ROOT": str(tmp_path)}, check=True)
    assert (settings / "raspi-firmware-custom").read_text() == "dtparam=a\n# bachd gadget: begin\n"
    assert (settings / "raspi-extra-cmdline").read_text() == "quiet overlayroot=tmpfs,was=rw\n"
