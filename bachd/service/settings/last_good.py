"""Keep the settings that music was last played by, for a start on which config.yaml cannot be used or is unchanged.

Law: a service that has played once plays again, whatever has become of its config.yaml.

They are kept as their text, in the folder that systemd gives a service for its state. Beside the text stands its tree:
where the file still says the same, as after a crash, the music need not wait for PyYAML. What the settings mean is read
from the tree each time, by the version of bachd that plays.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bachd import atomic_file, configfile
from bachd.config import Config
from bachd.errors import ConfigError
from bachd.yamlfile import nodes
from bachd.yamlfile import text as files
from bachd.yamlfile.nodes import Node

NAME: Final = "config.last.json"


@dataclass(frozen=True, slots=True)
class _Last:
    """What was kept."""

    text: str
    tree: Node


def load(path: Path) -> Config:
    """Return the settings in a file, or those kept if it is wrong, gone or empty, as after a loss of power.

    What is wrong with it is logged when the run looks at the file. Raises ConfigError where nothing that can be used
    was kept.
    """
    last = _last()
    try:
        content = files.read(path)
        used = configfile.understand(tree(content, path), path)
    except ConfigError:
        if last is not None:
            with suppress(ConfigError):  # perhaps a bundle has gone since; what people should mend is their own file
                return configfile.understand(last.tree, path)
        raise
    if last is not None and not content:
        with suppress(ConfigError):
            return configfile.understand(last.tree, path)
    return used


def text() -> str:
    """Return the text that was kept; '' if none was."""
    last = _last()
    return "" if last is None else last.text


def tree(content: str, path: Path) -> Node:
    """Return the tree of a text of the file `path`, without parsing it if it is the one that was kept.

    Raises ConfigError if it is not YAML.
    """
    last = _last()
    return last.tree if last is not None and last.text == content else configfile.tree(content, path)


def keep(content: str, tree: Node) -> None:
    """Keep the text of the file that music is played by. May wait for the disk.

    Nothing is kept where there is no service manager, or no room.
    """
    place = _place()
    if place is not None and text() != content:
        with suppress(OSError):  # the next start can do without
            kept = json.dumps({"text": content, "tree": nodes.to_json(tree)})
            atomic_file.replace(place, kept.encode(), mode=0o600)


def _last() -> _Last | None:
    """What was kept; None if that is nothing, or nothing that can be read."""
    place = _place()
    if place is None:
        return None
    try:
        data = json.loads(place.read_bytes())
        return _Last(str(data["text"]), nodes.from_json(data["tree"]))
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None


def _place() -> Path | None:
    given = os.environ.get("STATE_DIRECTORY")  # systemd gives several with colons between them
    return Path(given.split(":")[0], NAME) if given else None
