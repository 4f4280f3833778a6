"""Read what a person's controllers, pedals, notes and programs do: change a key, or give a command.

Law: what makes no sense is refused in one line, which says what to write instead.

    controls:
      cc 21: tempo 60 to 120
      cc 22: sampling.temperature inverted pick-up
      pedal: freeze
      note C2: together harmonise
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from bachd.errors import did_you_mean
from bachd.midi.input.trigger import Trigger
from bachd.midi.input.trigger import parse as parse_trigger

COMMANDS: Final = ("play", "pause", "stop", "panic", "tap", "next piece", "re-roll", "undo", "freeze", "shutdown")
"""What can be asked for, beside other values of keys."""
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
_ENTRY: Final = re.compile(rf"(\S+)(?: ({_NUMBER}) to ({_NUMBER})| (?!inverted|pick-up)(\S+))?( inverted)?( pick-up)?")

Value: TypeAlias = "float | int | bool | str"


class Target(Protocol):
    """What is known of a key that can be changed."""

    @property
    def limits(self) -> tuple[float, float] | None:
        """Least and largest number."""
        ...

    @property
    def whole(self) -> bool:
        """Whether numbers are whole ones."""
        ...

    @property
    def choices(self) -> tuple[Any, ...]:
        """All values there are, where they are few."""
        ...


@dataclass(frozen=True, slots=True)
class Control:
    """What one trigger does."""

    trigger: Trigger
    target: str
    """A key, such as 'tempo', or one of COMMANDS."""
    values: tuple[Value, ...] = ()
    """The only value, or those between which a continuous trigger chooses; of a command, none."""
    low: float = 0.0
    high: float = 0.0
    """What a continuous trigger sets at its ends, if there are no `values`."""
    whole: bool = False
    pick_up: bool = False
    """Whether it has no effect before it has passed the present value."""
    text: str = ""
    """The entry as it was written."""

    @property
    def is_command(self) -> bool:
        """Whether it gives a command."""
        return self.target in COMMANDS

    def value(self, position: float) -> Value:
        """Return what it sets where its trigger is at a position from 0 to 1."""
        if self.values:
            return self.values[min(int(position * len(self.values)), len(self.values) - 1)]
        exact = self.low + position * (self.high - self.low)
        return round(exact) if self.whole else round(exact, 3)


def parse(key: str, entry: str, targets: Mapping[str, Target]) -> Control:
    """Read an entry: a trigger, and what it does. Raises ValueError, which says what is wrong with it.

    targets: the keys that can be changed live.
    """
    trigger = parse_trigger(key)
    text = " ".join(entry.split())
    if text.lower() in COMMANDS:
        return Control(trigger, text.lower(), text=text.lower())
    match = _ENTRY.fullmatch(text)
    if match is None or match[1] not in targets:
        name = match[1] if match and not text.lower().startswith(COMMANDS) else text
        hint = did_you_mean(name, (*COMMANDS, *targets)) or f"; the commands are {', '.join(COMMANDS)}"
        raise ValueError(f"{text[:60]!r} is no command and no key that can be changed live{hint}")
    name, low, high, word, inverted, pick_up = match.groups()
    kind = targets[name]
    if word is not None:
        value = _fixed(name, word, kind)
        return Control(trigger, name, (value,), text=text)
    if not kind.limits and kind.choices:
        choices = kind.choices[:: -1 if inverted else 1]
        return Control(trigger, name, choices, pick_up=bool(pick_up), text=text)
    if name == "seed.piece" and trigger.kind == "program" and trigger.number is None:
        return Control(trigger, name, text=text)
    if not kind.limits:
        raise ValueError(f"{name} has no range; write the value it is to have behind it")
    if not trigger.is_continuous:
        raise ValueError(
            f"'{trigger}' is only struck; write the value that {name} is to have: '{name} {_figure(kind.limits[0])}'"
        )
    ends = (float(low), float(high)) if low is not None else kind.limits
    _check_range(name, ends, kind.limits)
    begins, ends_at = reversed(ends) if inverted else ends
    return Control(trigger, name, (), begins, ends_at, kind.whole, bool(pick_up), text)


def _check_range(name: str, ends: tuple[float, float], limits: tuple[float, float]) -> None:
    low, high = ends
    whole = f"{_figure(limits[0])} to {_figure(limits[1])}"
    if low >= high:
        turned = f"{_figure(high)} to {_figure(low)} inverted"
        raise ValueError(f"the range {_figure(low)} to {_figure(high)} runs backwards; write '{name} {turned}'")
    if low < limits[0] or high > limits[1]:
        raise ValueError(f"{_figure(low)} to {_figure(high)} leaves the range of {name}, which is {whole}")


def _fixed(name: str, word: str, kind: Target) -> Value:
    """The only value that a trigger sets."""
    if kind.limits and re.fullmatch(_NUMBER, word):
        value = float(word)
        if not kind.limits[0] <= value <= kind.limits[1]:
            whole = f"{_figure(kind.limits[0])} to {_figure(kind.limits[1])}"
            raise ValueError(f"{word} is not in the range of {name}, which is {whole}")
        return round(value) if kind.whole else value
    if kind.choices == (False, True):
        if word.lower() not in ("true", "false"):
            raise ValueError(f"{name} is true or false, not {word[:20]!r}")
        return word.lower() == "true"
    if kind.choices and word.lower() not in kind.choices:
        hint = did_you_mean(word, kind.choices) or f"; it can be {', '.join(kind.choices)}"
        raise ValueError(f"{word[:20]!r} is nothing that {name} can be{hint}")
    return word.lower() if kind.choices else word


def _figure(number: float) -> str:
    return f"{number:g}"
