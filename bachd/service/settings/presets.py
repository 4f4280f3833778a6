"""Keep presets: values of several settings under a name.

Law: each preset that comes with bachd sets the same keys, so that nothing of the one before is left. In the file with
people's own, a line that cannot be read stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from bachd import atomic_file
from bachd.config import Config
from bachd.errors import StatusError, UsageError, did_you_mean
from bachd.service import state_dir
from bachd.yamlfile.keys import keys, plain

_FILE: Final = "presets"
MOST: Final = 100
"""Presets of one's own."""
LONGEST: Final = 40
"""Characters of a name."""
_SECTIONS: Final = ("sampling.", "expression.", "voices.")
_NAMES: Final = (
    *("sampling.temperature", "sampling.top_p", "sampling.key", "sampling.leading"),
    *("expression.swing", "expression.humanise_ms", "expression.ritardando", "expression.dynamics"),
)


class Preset(TypedDict):
    """Values under a name."""

    name: str
    own: bool
    """Whether somebody made it here, so that it can be removed."""
    values: dict[str, Any]
    """By keys such as 'sampling.top_p'."""


def _shipped(name: str, *values: Any) -> Preset:
    return {"name": name, "own": False, "values": dict(zip(_NAMES, values, strict=True))}


SHIPPED: Final = (
    _shipped("standard", None, None, None, True, 50, 8, 0.5, True),
    _shipped("calm", 0.65, 0.9, 0.8, True, 50, 10, 0.8, True),
    _shipped("strict", 0.75, 0.9, 0.5, True, 50, 0, 0.3, True),
    _shipped("daring", 1.15, 0.99, 0, False, 56, 14, 0.5, True),
)
"""Those that come with bachd."""

KEYS: Final = (
    "tempo",
    *(key.path for key in keys(Config) if key.kind and key.path.startswith(_SECTIONS)),
)
"""What a preset of one's own holds: all that decides how a piece sounds, but not which one."""


def path() -> Path:
    """The file of people's own: a line of JSON each."""
    return state_dir.folder() / _FILE


def known() -> list[Preset]:
    """All of them, people's own last. May wait for the disk."""
    own = (_read(line) for line in _lines())
    return [*SHIPPED, *(preset for preset in own if preset is not None)]


def find(name: str) -> Preset:
    """Return a preset by its name, in any case. Raises UsageError."""
    found = {preset["name"].lower(): preset for preset in known()}
    if (preset := found.get(name.strip().lower())) is not None:
        return preset
    names = [preset["name"] for preset in found.values()]
    raise UsageError(f"no preset {name[:LONGEST]!r}{did_you_mean(name, names) or '; there are ' + ', '.join(names)}")


def save(name: str, config: Config) -> None:
    """Keep what `config` has under a name, in place of what had that name. May wait for the disk.

    Raises UsageError for a name that cannot be, StatusError if the file cannot be written.
    """
    name = " ".join(name.split())
    if not (0 < len(name) <= LONGEST and name.isprintable()):
        raise UsageError(f"a preset needs a name of 1 to {LONGEST} characters")
    _require_own(name)
    settings = plain(config)
    values = {key: _value(settings, key) for key in KEYS}
    lines = _without(name)
    if len(lines) >= MOST:
        raise UsageError(f"there are {MOST} presets already; remove one first")
    _write([*lines, json.dumps({"name": name, "values": values})])


def remove(name: str) -> None:
    """Remove a preset of one's own. May wait for the disk. Raises UsageError and StatusError."""
    preset = find(name)
    _require_own(preset["name"])
    _write(_without(preset["name"]))


def _require_own(name: str) -> None:
    if any(preset["name"] == name.lower() for preset in SHIPPED):
        raise UsageError(f"the preset {name!r} comes with bachd; choose another name")


def _value(settings: Mapping[str, Any], key: str) -> Any:
    found: Any = settings
    for name in key.split("."):
        found = found[name]
    return found


def _without(name: str) -> list[str]:
    """The lines of all other presets."""
    kept = ((line, _read(line)) for line in _lines())
    return [line for line, preset in kept if preset is None or preset["name"].lower() != name.lower()]


def _read(line: str) -> Preset | None:
    """Return the preset of a line; None if it is none. Its values are checked when they are brought into force."""
    try:
        data = json.loads(line)
        values = {key: value for key, value in data["values"].items() if key in KEYS}
        return {"name": str(data["name"])[:LONGEST], "own": True, "values": values}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _lines() -> list[str]:
    try:
        return path().read_text(encoding="utf-8", errors="surrogateescape").splitlines()[: 2 * MOST]
    except OSError:
        return []


def _write(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    try:
        path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_file.replace(path(), text.encode("utf-8", "surrogateescape"), mode=0o600)
    except OSError as fault:
        raise StatusError(f"{path()}: cannot be written: {fault.strerror}") from None
