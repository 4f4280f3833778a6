"""Keep the settings that music was last played by, for a start on which config.yaml cannot be used or is unchanged.

Law: a service that has played once plays again, whatever happens to its config.yaml.

They are kept as their text, in systemd's StateDirectory=, and as its tree: where the file still says the same, as after
a crash, the music need not wait for PyYAML. What they mean is read from the tree by the version of bachd that plays.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from bachd import atomic_file, configfile
from bachd.config import Config
from bachd.errors import ConfigError
from bachd.yamlfile import nodes
from bachd.yamlfile import text as files
from bachd.yamlfile.nodes import Node

NAME: Final = "config.last.json"


def load(path: Path) -> Config:
    """Return the settings in a file, or those kept if it is wrong, gone or empty, as after a loss of power.

    What is wrong with it is logged when the run looks at the file. Raises ConfigError where nothing that can be used
    was kept.
    """
    try:
        content = files.read(path)
        used = configfile.understand(tree(content, path), path)
    except ConfigError:
        if (last := kept(path)) is None:
            raise
        return last
    return used if content else kept(path) or used


def kept(path: Path) -> Config | None:
    """Return what was kept, as the content of the file `path`; None if it is nothing, or a bundle has gone since."""
    content, tree = last()
    with suppress(ConfigError):
        return configfile.understand(tree, path) if content else None
    return None


def tree(content: str, path: Path) -> Node:
    """Return the tree of a text of the file `path`; one that was kept is not parsed. Raises ConfigError if not YAML."""
    known, tree = last()
    return tree if content == known else configfile.tree(content, path)


def keep(content: str, tree: Node) -> None:
    """Keep the text of the file that music is played by, if systemd gives a folder. May wait for the disk."""
    if (place := _place()) is not None and last()[0] != content:
        with suppress(OSError):  # the next start can do without
            kept = json.dumps({"text": content, "tree": nodes.to_json(tree)})
            atomic_file.replace(place, kept.encode(), mode=0o600)


def last() -> tuple[str, Node]:
    """Return the text that was kept and its tree; '' and an empty one if that is nothing, or cannot be read."""
    with suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
        if (place := _place()) is not None:
            data = json.loads(place.read_bytes())
            return str(data["text"]), nodes.from_json(data["tree"])
    return "", nodes.EMPTY


def _place() -> Path | None:
    given = os.environ.get("STATE_DIRECTORY")  # systemd gives several with colons between them
    return Path(given.split(":")[0], NAME) if given else None
