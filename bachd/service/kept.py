"""The settings that music was last played by, for a start on which config.yaml cannot be used.

Law: a service that has played once plays again, whatever has become of its config.yaml; what is kept is replaced in one
step, so a loss of power at any moment leaves the old settings or the new ones.

They are kept as the text they were, in the folder that systemd gives a service for its state.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from bachd import configfile
from bachd.config import Config
from bachd.errors import ConfigError

NAME: Final = "config.last.yaml"


def load(path: Path) -> Config:
    """The settings in a file, or those kept if it is wrong, gone or empty, as after a loss of power while saving.

    What is wrong with it, the run tells when it looks at the file. Raises ConfigError where nothing that can be used
    was kept.
    """
    place = _place()
    if place is not None and place.is_file() and not _usable(path):
        with suppress(ConfigError):  # perhaps a bundle has gone since; what people should mend is their own file
            return configfile.load(place, home=path.absolute().parent)
    return configfile.load(path)


def keep(path: Path, used: Config) -> bool:
    """Keep the text of the file that music is played by. May wait for the disk.

    Nothing is kept where there is no service manager, or no room. Returns False if the file says something else than
    `used`, and so has been saved since it was read.
    """
    try:
        text = path.read_bytes()
        same = not text or configfile.load(path) == used
    except OSError:
        return True  # it says nothing at all
    except ConfigError:
        return False
    place = _place()
    if text and same and place is not None:
        with suppress(OSError):  # it was not to disturb the music, and the next start can do without
            _replace(place, text)
    return same


def _usable(path: Path) -> bool:
    try:
        configfile.load(path)
        return path.stat().st_size > 0
    except (ConfigError, OSError):
        return False


def _replace(place: Path, text: bytes) -> None:
    if place.exists() and place.read_bytes() == text:
        return
    nascent = place.with_suffix(".new")
    with nascent.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    nascent.replace(place)


def _place() -> Path | None:
    given = os.environ.get("STATE_DIRECTORY")  # systemd gives several with colons between them
    return Path(given.split(":")[0], NAME) if given else None
