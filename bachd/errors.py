"""Define bachd's errors, each with an exit code for shells and service managers.

Law: an expected fault is one line that says what, where and what to do; only a bug has a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bachd.printable import one_line

EXIT_OK = 0
EXIT_USAGE = 64
EXIT_UNAVAILABLE = 69
EXIT_BUG = 70
EXIT_CONFIG = 78
EXIT_SHUTDOWN = 79
"""The run was ended to have the machine switched off, which systemd/bachd.service does then."""


class BachdError(Exception):
    """Root of all expected faults. `exit_code` is what the process ends with."""

    exit_code = EXIT_BUG


class UsageError(BachdError):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class Fault(NamedTuple):  # not a dataclass, whose import is half of the work until `bachd --help`
    """One thing that is wrong with a settings file."""

    line: int | None
    """Counted from 1; None where it concerns no line."""
    key: str
    """Such as 'seed.piece'; '' where it concerns no key."""
    what: str
    """What is wrong, and what to do about it."""

    def __str__(self) -> str:
        """Return key and fault on one line that a terminal can safely show."""
        return one_line(f"{self.key}: {self.what}" if self.key else self.what)


class ConfigError(BachdError):
    """config.yaml is wrong; the message holds every fault, one a line."""

    exit_code = EXIT_CONFIG

    def __init__(self, faults: str | Sequence[Fault], path: Path | None = None) -> None:
        """faults: all of them, or the words of the only one. path: the file; None where the place would mean nothing.

        The faults are ordered by their lines.
        """
        found = [Fault(None, "", line) for line in faults.split("\n")] if isinstance(faults, str) else faults
        self.faults = tuple(sorted(found, key=lambda fault: fault.line or 0))
        self.path = path
        super().__init__("\n".join(f"{self._place(fault)}{fault}" for fault in self.faults))

    def without_places(self) -> ConfigError:
        """Return the same error without the file's name, for clients that do not see the file."""
        return ConfigError(self.faults)

    def _place(self, fault: Fault) -> str:
        if self.path is None:
            return ""
        return f"{one_line(str(self.path))}: " if fault.line is None else f"{one_line(str(self.path))}:{fault.line}: "


class SeedError(BachdError):
    """A seed piece cannot be read or holds no music."""

    exit_code = EXIT_CONFIG


class ModelError(BachdError):
    """A bundle is incomplete, damaged or made for another version, or no runtime can run it."""

    exit_code = EXIT_UNAVAILABLE


class OutputError(BachdError):
    """A MIDI output cannot be found or opened."""

    exit_code = EXIT_UNAVAILABLE


class StatusError(BachdError):
    """No running bachd can be asked, or this one cannot be."""

    exit_code = EXIT_UNAVAILABLE


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of an error text that offers the likeliest of the known names; '' if none is similar.

    Upper and lower case do not count.
    """
    import difflib  # 10 ms that only a mistake has to pay

    by_folded = {each.casefold(): each for each in reversed(list(known))}
    found = difflib.get_close_matches(name[:100].casefold(), by_folded, 1)
    return f"; did you mean {by_folded[found[0]]!r}?" if found else ""


def pip_install(*what: str) -> str:
    """Return the command that installs packages, or extras of bachd such as '[train]', beside this bachd."""
    from shlex import quote  # seldom needed

    checkout = Path(__file__).parents[1]
    words = [sys.executable, "-m", "pip", "install"]
    for each in what:
        if not each.startswith("["):
            words.append(each)
        elif (checkout / "setup.cfg").exists():
            words += ["--editable", f"{checkout}{each}"]
        else:
            words.append(f"bachd{each}")
    return " ".join(map(quote, words))
