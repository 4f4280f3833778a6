"""Keep a piece as a text that can be pasted: what was composed, and how it is played.

Law: the same text gives the same bytes from `render`, on any machine and without the bundle: the music is in it, for no
two machines need compose alike. What is damaged, or from a version that writes it otherwise, is refused in one line.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bachd.config import Config, Expression
from bachd.errors import UsageError
from bachd.music.event import Event, parse_line, print_line
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Step
from bachd.yamlfile.keys import keys

_MARK: Final = "bachd1."
"""What a favourite begins with; the number grows when they are written otherwise."""
_TEXT: Final = re.compile(r"bachd([0-9]+)\.([A-Za-z0-9_-]*)")
LONGEST: Final = 16_000
"""Characters of a favourite."""
_MOST_BYTES: Final = 200_000
"""What it may unpack to."""
_MOST_TICKS: Final = 24 * 4 * 2_000
_NAME: Final = 100
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """A piece, and all that decides how it sounds."""

    steps: tuple[Step, ...]
    model: str
    bpm: float
    expression: Expression
    rng: int
    """Of the expression."""

    @property
    def title(self) -> str:
        """The piece that it grew from."""
        return self.steps[0].piece

    @property
    def config(self) -> Config:
        """The settings to render it with."""
        return Config(model=self.model, tempo=self.bpm, expression=self.expression)

    def __str__(self) -> str:
        grid = _grid(self.steps)
        key = self.steps[0].key
        data = {
            "model": self.model,
            "piece": self.title,
            "key": None if key is None else [key.tonic, int(key.minor)],
            "bars": [grid.upbeat, *([tick, metre.beats, metre.unit] for tick, metre in grid.changes)],
            "seed": sum(step.origin is Origin.SEED for step in self.steps),
            "events": print_line(step.event for step in self.steps),
            "bpm": self.bpm,
            "expression": [getattr(self.expression, name) for name in _EXPRESSION],
            "rng": self.rng,
        }
        packed = zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)
        return _MARK + base64.urlsafe_b64encode(packed).decode().rstrip("=")


_EXPRESSION: Final = ("swing", "humanise_ms", "ritardando", "dynamics")


def of(steps: Sequence[Step], config: Config, bpm: float, rng: int) -> Favourite:
    """Return a piece as it was composed by these settings. bpm: quarter notes a minute that it was played at."""
    plain = tuple(replace(step, pace=1.0, chances=(), tempo=bpm) for step in steps if step.origin is not Origin.BREATH)
    return Favourite(plain, Path(config.model).name, bpm, config.expression, rng)


def parse(text: str) -> Favourite:
    """Return what a text keeps, or a link that ends with one. Raises UsageError."""
    found = _TEXT.search(text[-LONGEST:])
    if found is None:
        raise UsageError("this is no favourite: one is a text that begins with 'bachd1.', or a link with it")
    if found[1] != _MARK[5:-1]:
        raise UsageError(
            f"this favourite is of another version of bachd (format {found[1]}); this one reads {_MARK[5:-1]}"
        )
    try:
        return _read(_unpacked(found[2]))
    except (ValueError, TypeError, LookupError, RecursionError, zlib.error, binascii.Error):
        raise UsageError("this favourite is damaged, or a part of it is missing; copy the whole link") from None


def _unpacked(text: str) -> Any:
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(packed, _MOST_BYTES)
    if not unpacker.eof:
        raise ValueError("it is cut off, or too long")
    return json.loads(data)


def _read(data: Any) -> Favourite:
    """Raises ValueError, TypeError or LookupError for anything that `Favourite` does not write."""
    events = parse_line(data["events"])
    if not events or sum(event.ticks for event in events) > _MOST_TICKS:
        raise ValueError("no music, or too much")
    upbeat, *changes = data["bars"]
    grid = Grid(tuple((int(tick), Metre(int(beats), int(unit))) for tick, beats, unit in changes), int(upbeat))
    key = None if data["key"] is None else Key(int(data["key"][0]) % 12, bool(data["key"][1]))
    values = dict(zip(_EXPRESSION, data["expression"], strict=True))
    expression = Expression(**{name: _within(f"expression.{name}", value) for name, value in values.items()})
    piece, model, rng = str(data["piece"])[:_NAME], Path(str(data["model"])).name[:_NAME], int(data["rng"])
    bpm = _within("tempo", data["bpm"])
    steps = tuple(replace(step, tempo=bpm) for step in _steps(events, grid, piece, key, int(data["seed"])))
    return Favourite(steps, model, bpm, expression, rng % 2**32)


def _within(key: str, value: Any) -> Any:
    """A value if a key of the settings may have it. Raises ValueError or TypeError."""
    limits = next(each.kind.limits for each in keys(Config) if each.path == key and each.kind)
    if limits is None:
        return bool(value)
    if not limits[0] <= float(value) <= limits[1]:
        raise ValueError(f"{key} is out of range")
    return float(value)


def _steps(events: Sequence[Event], grid: Grid, piece: str, key: Key | None, seeds: int) -> tuple[Step, ...]:
    found, tick = [], 0
    for number, event in enumerate(events):
        origin = Origin.SEED if number < seeds else Origin.MODEL
        step = Step(event, grid.place(tick), origin, piece, opens=tick == 0, key=key, upbeat=grid.upbeat > 0)
        found.append(step)
        tick += event.ticks
    return tuple(found)


def _grid(steps: Sequence[Step]) -> Grid:
    """The bars of a piece, from the places of its steps."""
    first = steps[0].place
    changes = [(0, first.metre)]
    tick = 0
    for step in steps:
        if step.place.metre != changes[-1][1]:
            changes.append((tick - step.place.phase, step.place.metre))
        tick += step.event.ticks
    return Grid(tuple(changes), -first.phase % first.metre.bar)
