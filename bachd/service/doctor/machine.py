"""Read the state of the machine for the checks: files below a root folder, packages, the user and its limits.

Law: reading changes nothing and loads nothing; a file that cannot be read counts as missing.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final, Literal

SERVICE: Final = "bachd"
"""The user the service runs as."""
CACHE: Final = "etc/ld.so.cache"
"""Where the dynamic linker has noted each library it knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    state: Literal["ok", "note", "fault"]
    """note: music plays anyway; fault: it does not, or not as the settings ask."""
    seen: str
    todo: str = ""
    """What to do about it; empty if there is nothing to do."""


@dataclass(frozen=True)
class Machine:
    """The machine to check. A test passes a root folder of its own; `Machine()` is this machine."""

    root: Path = Path("/")
    packages: tuple[str, ...] = field(default_factory=lambda: tuple(sys.path))
    """Folders of Python packages."""
    python: tuple[int, int] = sys.version_info[:2]
    system: str = platform.system()
    """`Linux` or `Darwin`."""
    processor: str = platform.machine()
    """As the kernel calls it: `x86_64`, `aarch64`, `armv7l`."""
    wide: bool = sys.maxsize > 2**32
    """Whether Python is a 64-bit program."""
    user: int = field(default_factory=os.geteuid)
    rtprio: int = field(default_factory=lambda: _limit("RLIMIT_RTPRIO"))
    """The highest real-time priority that may be asked for; -1 is any."""
    memlock: int = field(default_factory=lambda: _limit("RLIMIT_MEMLOCK"))
    """Bytes that may be kept from being swapped out; -1 is any number."""

    def path(self, name: str) -> Path:
        """Return the path of a file, given without the leading slash."""
        return self.root / name

    def text(self, name: str) -> str | None:
        """Return the text of a small file, stripped; None if it cannot be read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def glob(self, pattern: str) -> list[Path]:
        """Return the files that match, in order."""
        return sorted(self.root.glob(pattern))

    def library(self, name: str) -> bool | None:
        """Return whether a library is in the dynamic linker's cache; None if there is no cache."""
        try:
            return name.encode() + b"\0" in self.path(CACHE).read_bytes()
        except OSError:
            return None

    def may_use(self, path: Path) -> bool:
        """Return whether this user may read and write a file."""
        return os.access(path, os.R_OK | os.W_OK)

    def distribution(self, name: str) -> Distribution | None:
        """Return an installed Python distribution; None if it is not installed."""
        return next(iter(distributions(name=name, path=list(self.packages))), None)

    def debian(self, beginning: str) -> dict[str, str]:
        """Return the versions of the installed Debian packages whose names begin with a prefix, by name."""
        status = self.text("var/lib/dpkg/status") or ""
        return dict(
            re.findall(rf"(?m)^Package: ({beginning}.*)\nStatus: .* installed\n(?:.+\n)*?Version: (.+)", status)
        )

    def groups_of(self, user: str) -> set[int] | None:
        """Return the groups a user is in, by number; None if there is no such user."""
        entries = dict(_records(self.text("etc/passwd")))
        if user not in entries:
            return None
        members = _records(self.text("etc/group"))
        more = {int(rest[1]) for _, rest in members if len(rest) > 2 and user in rest[2].split(",")}
        return {int(entries[user][2])} | more

    def group_name(self, number: int) -> str:
        """Return a group's name, or its number if it has none."""
        for name, rest in _records(self.text("etc/group")):
            if rest[1] == str(number):
                return name
        return str(number)

    def processes(self) -> Iterator[tuple[int, str]]:
        """Number and name of each process."""
        for comm in self.glob("proc/[0-9]*/comm"):
            try:
                yield int(comm.parent.name), comm.read_text().strip()
            except OSError:  # it has ended meanwhile
                continue


def _records(text: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines of /etc/passwd or /etc/group: a name, and the fields after it."""
    for line in (text or "").splitlines():
        name, *rest = line.split(":")
        if len(rest) >= 3:
            yield name, rest


def _limit(name: str) -> int:
    number = getattr(resource, name, None)  # macOS has no real-time priorities of this kind
    return -1 if number is None else resource.getrlimit(number)[0]
