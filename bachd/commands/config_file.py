"""Find the settings that a verb uses.

Law: what was asked for, else config.yaml here, else that of the system, else the defaults.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bachd.config import Config

SYSTEM: Final = Path("/etc/bachd/config.yaml")


def path(asked: Path | None) -> Path | None:
    """Return the file to use: the one asked for, or the nearest there is; None if there is none."""
    if asked is not None:
        return asked
    return next((file for file in (Path("config.yaml"), SYSTEM) if file.exists()), None)


def load(asked: Path | None) -> Config:
    """Return the settings in that file, or the defaults. Raises ConfigError for mistakes in it."""
    from bachd import configfile
    from bachd.config import Config

    file = path(asked)
    return Config() if file is None else configfile.load(file)
