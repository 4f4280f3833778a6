"""The names of ports, and which port is meant by part of one.

Law: a port is known by its name alone; the numbers of clients change each time something is plugged in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bachd.errors import OutputError

System: TypeAlias = Literal["alsa", "jack", "coremidi"]
"""A MIDI system."""

OURS: Final = "bachd"
"""What our own port and client are called, so that others can find them."""

CLOCK: Final = f"{OURS} clock"
"""What the port is called at which a MIDI clock comes in."""

_NO_INSTRUMENTS: Final = ("midi through", "f_midi", CLOCK)
"""Never chosen unasked: what comes in at the first goes out again, the second is this machine posing as a synth."""


_WORDS: Final = ("auto", "virtual", "jack", "none")
"""What `midi.output` may say beside names and files."""


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A port that can be played to."""

    name: str
    """As people read it, and as `midi.output` may name it: 'FP-30X MIDI 1'."""
    backend: System
    """What it belongs to."""
    kind: Literal["hardware", "software"]
    """Only hardware is chosen by 'auto'."""


def normal(spec: str) -> str:
    """A word of `midi.output` as it is known here: 'AUTO' and 'File:x.mid' are 'auto' and 'file:x.mid'."""
    lower = spec.strip().lower()
    if lower in _WORDS:
        return lower
    return f"file:{spec.strip()[5:]}" if lower.startswith("file:") else spec


def is_name(spec: str) -> bool:
    """Whether a word of `midi.output` is part of a port's name."""
    return spec not in _WORDS and not spec.startswith("file:")


def full_name(client: str, port: str) -> str:
    """What people call a port: 'FP-30X', 'FP-30X MIDI 1' -> 'FP-30X MIDI 1'; 'FLUID Synth', 'Synth input' -> both."""
    return port if port.startswith(client) else f"{client} {port}"


def is_instrument(name: str) -> bool:
    """Whether a port of that name may be chosen without being asked for."""
    return not any(part in name.lower() for part in _NO_INSTRUMENTS)


def matching(names: Iterable[str], part: str) -> list[str]:
    """The names that hold `part`, in whatever case, each once; a whole name means only itself."""
    names = dict.fromkeys(names)
    wanted = part.strip().lower()
    return [name for name in names if name.lower() == wanted] or [name for name in names if wanted in name.lower()]


def the_one(names: Sequence[str], part: str, asked: str = "midi.output") -> str:
    """The only name that `part` fits. Raises OutputError, listing what there is, if none or several do.

    asked: where `part` is written, for those who have to mend it.
    """
    found = matching(names, part)
    if len(found) == 1:
        return found[0]
    if found:
        raise OutputError(f"{asked}: {part!r} fits several ports: {_list(found)}; write more of the name")
    there = f"there is {_list(dict.fromkeys(names))}" if names else "there is none at all; is it switched on?"
    raise OutputError(f"{asked}: no MIDI port is called {part!r}; {there}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
