"""Read config.yaml, from a file's text to values that have been checked, and write it.

Law: all faults are reported at once, each with its line and what to do; a key that is missing has the default of
config.py.
"""

from __future__ import annotations

from pathlib import Path

from bachd import atomic_file
from bachd.config import Config
from bachd.errors import ConfigError, Fault
from bachd.yamlfile import keys, text
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.nodes import MalformedError, Node


def load(path: Path, home: Path | None = None) -> Config:
    """Return the settings in a file. Raises ConfigError with all its faults, one a line.

    home: the folder that relative paths start from; the file's own if it is None.
    """
    return parse(text.read(path), path, home)


def parse(content: str, path: Path, home: Path | None = None) -> Config:
    """Return the settings that a text would mean as the content of the file `path`. Raises ConfigError as `load`."""
    return understand(tree(content, path), path, home)


def tree(content: str, path: Path) -> Node:
    """Return the tree of a text, the content of the file `path`. Raises ConfigError if it is not YAML."""
    from bachd.yamlfile import parse as yaml_parse  # takes its time, and a service seldom needs it; see last_good.py

    try:
        return yaml_parse.read(content)
    except MalformedError as error:
        raise ConfigError([Fault(error.line, "", error.what)], path) from None


def understand(root: Node, path: Path, home: Path | None = None) -> Config:
    """Return the settings of a tree that the file `path` holds. Raises ConfigError as `load`."""
    faults = Faults(path)
    config = keys.read(Config, Section("", root, keys.names(Config), faults, home or path.absolute().parent))
    faults.check()
    return config


def save(content: str, path: Path) -> None:
    """Write the text of the file `path`. May wait for the disk. Raises ConfigError, and leaves the old text."""
    try:
        atomic_file.replace(path, content.encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {text.reason(error)}") from None
