"""Check what a page wants to change.

Law: who may steer the music may not read or write any file: paths are for who can write config.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from bachd.config import Config
from bachd.errors import ConfigError, Fault, did_you_mean
from bachd.midi.input.trigger import parse
from bachd.service.settings.draft import Draft
from bachd.yamlfile.keys import keys

KEYS: Final = tuple(key.path for key in keys(Config) if key.kind)
"""All that can be set: 'model', 'seed.piece' and so on."""

_CONTROLS: Final = "midi.controls."
_MOST_ITEMS: Final = 32
_FILE: Final = re.compile(r"file:[^/\\~]+\.mid", re.IGNORECASE)


def checked(asked: object) -> dict[str, Any]:
    """Return a change that has the form of one: values, or short lists of them, by keys. Raises ConfigError."""
    if not isinstance(asked, dict) or not asked:
        raise ConfigError('a change is an object of keys and their values, such as {"tempo": 96}')
    faults = []
    for key, value in asked.items():
        items = value if isinstance(value, list) else [value]
        if key.startswith(_CONTROLS):
            if not _is_trigger(key.removeprefix(_CONTROLS)):
                faults.append(Fault(None, key[:60], "this is nothing to steer with, such as 'cc 21'"))
        elif key not in KEYS:
            faults.append(Fault(None, key[:60], f"no such key{did_you_mean(key, KEYS)}"))
        elif len(items) > _MOST_ITEMS or not all(isinstance(item, str | int | float | None) for item in items):
            faults.append(Fault(None, key, "this is neither a value nor a short list of values"))
    if faults:
        raise ConfigError(faults)
    return asked


def _is_trigger(name: str) -> bool:
    """Whether something to steer with is called so, and no other way: it is written into the file as it is."""
    try:
        return str(parse(name)) == name
    except ValueError:
        return False


def permitted(wanted: Mapping[str, Any], draft: Draft, seeds: Path, models: Collection[str] = ()) -> Mapping[str, Any]:
    """Return a change that a page may make; a value that stays as it is may be anything. Raises ConfigError.

    seeds: the folder of the uploaded pieces, which may be chosen by their paths. models: bundles that may be, too.
    """
    faults = []
    for key, value in wanted.items():
        if value == draft.value(key):
            continue
        for text in value if isinstance(value, list) else [value]:
            offered = key == "model" and text in models
            if isinstance(text, str) and not offered and not _is_free_of_paths(key, text, seeds):
                faults.append(Fault(None, key, f"{text[:60]!r} is a path; such can only be set in config.yaml itself"))
        if key.startswith("web."):
            faults.append(Fault(None, key, "can only be changed in config.yaml itself"))
    if faults:
        raise ConfigError(faults)
    return wanted


def _is_free_of_paths(key: str, text: str, seeds: Path) -> bool:
    if key == "seed.piece" and Path(text).parent == seeds:
        return True
    if key == "speaker.soundfont":
        return False
    if text.lower().startswith("file:"):
        return _FILE.fullmatch(text) is not None
    return not (set("/\\~") & set(text))
