"""Settings changed while the music plays, from elsewhere than the file: the same checks, and the file's own words.

Law: there is one truth, the text of config.yaml with the unsaved changes put into it, and it is read as a saved file
would be. A change that is refused leaves nothing behind. What the file says anew wins over an older unsaved change.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from bachd import configfile
from bachd.config import DEVICES, Config, PerChannel
from bachd.errors import BachdError, ConfigError, suggestion
from bachd.music import pitch
from bachd.neural import bundle
from bachd.service.settings.prepare import changes
from bachd.yamlfile import edit

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "tempo": (20, 300),
    "seed.bars": (1, 64),
    "seed.rng": (0, 2**32 - 1),
    "midi.channels": (1, 16),
    "midi.program": (1, 128),
    "midi.latency_ms": (0, 500),
    **{f"sampling.{name}": limits for name, limits in bundle.SAMPLING_LIMITS.items()},
}
"""Least and largest values, for sliders; what is refused is configfile.py's affair."""
KEYS: Final = tuple(
    f"{field.name}.{inner.name}" if is_dataclass(field.default) else field.name
    for field in fields(Config)
    for inner in (fields(field.default) if is_dataclass(field.default) else (field,))
)
"""All that can be set: 'model', 'seed.piece' and so on."""
UNDOS: Final = 50
"""Changes that can be taken back."""

_MOST_ITEMS: Final = 32
_FILE: Final = re.compile(r"file:[^/\\~]+\.mid", re.IGNORECASE)


class Controls:
    """The settings as they are wanted. All methods may block on the disk; for one thread at a time."""

    def __init__(self, path: Path | None, seeds: Path) -> None:
        """path: the file; None if there is none yet, and ./config.yaml is to be made. seeds: where uploads are kept."""
        self.path = Path("config.yaml") if path is None else path
        self._seeds = seeds
        self._unsaved: dict[str, Any] = {}
        self._undos: deque[dict[str, Any]] = deque(maxlen=UNDOS)
        self._before: tuple[dict[str, Any], deque[dict[str, Any]]] | None = None
        self._known = self._quietly_read()

    @property
    def unsaved(self) -> bool:
        """Whether the file says something else."""
        return bool(self._unsaved)

    @property
    def undoable(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undos)

    def wanted(self) -> Config:
        """What is to be played by. Raises ConfigError."""
        text = self._read()
        self._give_way(text)
        return configfile.parse(self._with(text, self._unsaved), self.path)

    def change(self, asked: object) -> None:
        """Want other values: a mapping of keys such as 'tempo' or 'seed.piece'. Raises ConfigError with all faults."""
        wanted = _checked(asked)
        text = self._read()
        self._give_way(text)
        present = self._with(text, self._unsaved)
        inverse = {key: self._get(present, key) for key in wanted}
        self._guard(wanted, inverse)
        self._want(text, wanted)
        if inverse != wanted:  # who takes back the last change wants to hear it
            self._undos.append(inverse)

    def undo(self) -> None:
        """Take the last change back. Raises ConfigError if there is none, or the file does not allow it any more."""
        if not self._undos:
            raise ConfigError("there is nothing to undo")
        text = self._read()
        self._give_way(text)
        self._want(text, self._undos[-1])
        self._undos.pop()

    def refused(self) -> None:
        """The last `change` or `undo` was right in itself, but cannot be used: take it out again."""
        if self._before is not None:
            self._unsaved, self._undos = self._before
            self._before = None

    def save(self) -> None:
        """Write the changes into the file, which may have been changed meanwhile. Raises ConfigError."""
        text = self._read()
        self._give_way(text)
        new = self._with(text, self._unsaved)
        configfile.parse(new, self.path)
        try:
            _replace(self.path, new)
        except OSError as fault:
            raise ConfigError(f"{self.path} cannot be written: {fault.strerror or fault}") from None
        self._unsaved, self._before, self._known = {}, None, new

    def told(self, present: Config, ports: Callable[[], list[str]]) -> dict[str, Any]:
        """All of this for the page. present: what is played by; it is shown as config.yaml writes it."""
        pieces: list[str] = []
        with suppress(BachdError, OSError):
            pieces = list(bundle.read_card(bundle.folder(present.model)).seeds)
        pieces += sorted(map(str, self._seeds.glob("*.mid")))
        return {
            "values": values(present),
            "unsaved": self.unsaved,
            "undo": self.undoable,
            "choices": {"models": bundle.names(), "pieces": pieces, "ports": ports(), "devices": list(DEVICES)},
            "limits": {key: list(limits) for key, limits in LIMITS.items()},
        }

    def _want(self, text: str, wanted: Mapping[str, Any]) -> None:
        unsaved = {**self._unsaved, **wanted}
        configfile.parse(self._with(text, unsaved), self.path)
        self._before = (self._unsaved, self._undos.copy())
        self._unsaved = {key: value for key, value in unsaved.items() if self._get(text, key) != value}

    def _get(self, text: str, key: str) -> Any:
        try:
            return edit.get(text, key)
        except edit.UneditableError as fault:
            raise ConfigError(f"{key}: cannot be changed: {fault}; change {self.path} itself") from None

    def _with(self, text: str, unsaved: Mapping[str, Any]) -> str:
        try:
            for key, value in unsaved.items():
                text = edit.put(text, key, value)
        except edit.UneditableError as fault:
            raise ConfigError(f"no value can be put into {self.path}: {fault}; change the file itself") from None
        return text

    def _give_way(self, text: str) -> None:
        """Whatever the file says anew is newer than what was changed here."""
        if text == self._known:
            return
        with suppress(ConfigError):
            before, after = configfile.parse(self._known, self.path), configfile.parse(text, self.path)
            for key in changes(before, after).split(", "):
                self._unsaved.pop(key, None)
            self._known = text

    def _guard(self, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
        """Who may steer the music may not read or write any file: paths are for who can write config.yaml."""
        faults = []
        for key, value in wanted.items():
            if value == present[key]:
                continue
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and not self._is_free_of_paths(key, text):
                    faults.append(f"{key}: {text[:60]!r} is a path; such can only be set in config.yaml itself")
            if key.startswith("web"):
                faults.append(f"{key}: can only be changed in config.yaml itself")
        if faults:
            raise ConfigError("\n".join(faults))

    def _is_free_of_paths(self, key: str, text: str) -> bool:
        if key == "seed.piece" and Path(text).parent == self._seeds:
            return True
        if text.lower().startswith("file:"):
            return _FILE.fullmatch(text) is not None
        return not (set("/\\~") & set(text))

    def _read(self) -> str:
        return configfile.read(self.path) if self.path.exists() else ""

    def _quietly_read(self) -> str:
        try:
            return self._read()
        except ConfigError:
            return ""


def values(present: Config) -> dict[str, Any]:
    """Settings as config.yaml writes them."""
    told = asdict(present)
    midi = present.midi
    told["midi"]["program"] = _each(midi.program, lambda program: program + 1)
    told["midi"]["bank"] = _each(midi.bank, lambda bank: f"{bank >> 7}/{bank & 0x7F}")
    if told["sampling"]["range"] is not None:
        told["sampling"]["range"] = [pitch.name(end) for end in told["sampling"]["range"]]
    return told


def _each(value: PerChannel, shown: Callable[[int], int | str]) -> Any:
    """A value for all channels, or a mapping of channels, as config.yaml writes them."""
    if isinstance(value, tuple):
        return {str(channel): shown(one) for channel, one in value}
    return None if value is None else shown(value)


def _checked(asked: object) -> dict[str, Any]:
    """A change that has the form of one. Raises ConfigError."""
    if not isinstance(asked, dict) or not asked:
        raise ConfigError('a change is an object of keys and their values, such as {"tempo": 96}')
    faults = []
    for key, value in asked.items():
        items = value if isinstance(value, list) else [value]
        if key not in KEYS:
            faults.append(f"{key[:60]!r}: no such key{suggestion(key, KEYS)}")
        elif len(items) > _MOST_ITEMS or not all(isinstance(item, str | int | float | None) for item in items):
            faults.append(f"{key}: this is neither a value nor a short list of values")
    if faults:
        raise ConfigError("\n".join(faults))
    return asked


def _replace(path: Path, text: str) -> None:
    """Write a whole file, or leave the old one: a computer that loses its power has one of them."""
    target = path.resolve()
    with NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        nascent = Path(file.name)
        try:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                found = target.stat()
                nascent.chmod(found.st_mode & 0o7777)
                with suppress(PermissionError):
                    os.chown(nascent, found.st_uid, found.st_gid)
            else:
                nascent.chmod(0o644)
            nascent.replace(target)
        except BaseException:
            nascent.unlink(missing_ok=True)
            raise
