"""The settings that music was last played by, for a start on which config.yaml cannot be used, or says the same again.

Law: a service that has played once plays again, whatever has become of its config.yaml; what is kept is replaced in one
step, so a loss of power at any moment leaves the old settings or the new ones.

They are kept as the text they were, in the folder that systemd gives a service for its state. Beside the text stands
its tree: where the file still says the same, as after a crash, the music need not wait for PyYAML. What the settings
mean is read from the tree each time, by the version of bachd that plays.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bachd import configfile
from bachd.config import Config
from bachd.errors import ConfigError
from bachd.yamlfile import nodes
from bachd.yamlfile.nodes import Node

NAME: Final = "config.last.json"


@dataclass(frozen=True, slots=True)
class _Last:
    """What was kept."""

    text: str
    tree: Node

    def settings(self, path: Path) -> Config:
        """What it means as the content of the file `path`. Raises ConfigError."""
        return configfile.understand(self.tree, path)


def load(path: Path) -> Config:
    """The settings in a file, or those kept if it is wrong, gone or empty, as after a loss of power while saving.

    What is wrong with it, the run tells when it looks at the file. Raises ConfigError where nothing that can be used
    was kept.
    """
    last = _last()
    if last is None:
        return configfile.load(path)
    try:
        text = configfile.read(path)
        used = last.settings(path) if text == last.text else configfile.parse(text, path)
    except ConfigError:
        with suppress(ConfigError):  # perhaps a bundle has gone since; what people should mend is their own file
            return last.settings(path)
        raise
    with suppress(ConfigError):
        return used if text else last.settings(path)
    return used


def kept(path: Path) -> Config | None:
    """The settings that music was last played by, as the content of the file `path`; None if there are none."""
    last = _last()
    with suppress(ConfigError):
        return None if last is None else last.settings(path)
    return None


def keep(path: Path, used: Config) -> bool:
    """Keep the text of the file that music is played by. May wait for the disk.

    Nothing is kept where there is no service manager, or no room. Returns False if the file says something else than
    `used`, and so has been saved since it was read.
    """
    if not os.access(path, os.R_OK):
        return True  # it says nothing at all
    place, last = _place(), _last()
    try:
        text = configfile.read(path)
        if not text:
            return True
        known = last is not None and text == last.text
        tree = last.tree if last is not None and known else configfile.tree(text, path)
        same = configfile.understand(tree, path) == used
    except ConfigError:
        return False
    if same and not known and place is not None:
        with suppress(OSError):  # it was not to disturb the music, and the next start can do without
            _replace(place, json.dumps({"text": text, "tree": nodes.plain(tree)}).encode())
    return same


def _last() -> _Last | None:
    """What was kept; None if that is nothing, or nothing that can be read."""
    place = _place()
    if place is None:
        return None
    try:
        data = json.loads(place.read_bytes())
        return _Last(str(data["text"]), nodes.grown(data["tree"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _replace(place: Path, text: bytes) -> None:
    nascent = place.with_suffix(".new")
    with nascent.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    nascent.replace(place)


def _place() -> Path | None:
    given = os.environ.get("STATE_DIRECTORY")  # systemd gives several with colons between them
    return Path(given.split(":")[0], NAME) if given else None
