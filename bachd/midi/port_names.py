"""Name ports, and find the port that part of a name means, or refuse it where it means several or none.

Law: a port is known by its name; the numbers of clients change each time something is plugged in. Ports of one name are
told apart by the USB socket they are in, 'Boutique@1-1.2', which stays the same whatever is plugged in first, or by
their number among those that are there, 'Boutique#2'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from bachd.errors import OutputError, did_you_mean

System: TypeAlias = Literal["alsa", "jack", "coremidi"]
"""A MIDI system."""

OURS: Final = "bachd"
"""What our own port and client are called, so that others can find them."""

CLOCK: Final = f"{OURS} clock"
"""What the port is called at which a MIDI clock comes in."""

IN: Final = f"{OURS} in"
"""What the port is called at which notes and controllers come in."""

_NO_INSTRUMENTS: Final = ("midi through", "f_midi", CLOCK, IN)
"""Never chosen unasked: what comes in at the first goes out again, and the second is some gadget; but for bachd's own
(alsa/gadget.py)."""


WORDS: Final = ("auto", "speaker", "virtual", "jack", "none")
"""What `midi.output` may say beside names and files."""


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A port that can be played to."""

    name: str
    """As people read it, and as `midi.output` may name it: 'FP-30X MIDI 1'."""
    backend: System | Literal["fluidsynth"]
    """What it belongs to."""
    kind: Literal["hardware", "software", "loudspeaker"]
    """On ALSA, only hardware is chosen by 'auto'. JACK does not tell the two apart; there 'auto' takes the first."""


def normal(spec: str) -> str:
    """Return a word of `midi.output` as it is known here: 'AUTO' and 'File:x.mid' are 'auto' and 'file:x.mid'."""
    lower = spec.strip().lower()
    if lower in WORDS:
        return lower
    return f"file:{spec.strip()[5:]}" if lower.startswith("file:") else spec


class Named(Protocol):
    """A port, as far as it is chosen by."""

    @property
    def name(self) -> str:
        """As people read it."""
        ...

    @property
    def path(self) -> str:
        """The USB socket it is in, as the kernel calls it ('1-1.2'); empty for what is not on USB."""
        ...

    @property
    def address(self) -> tuple[int, int]:
        """Client and port number."""
        ...


P = TypeVar("P", bound=Named)
_SELECTED: Final = re.compile(r"(.+?)\s*(#[1-9][0-9]?|@[0-9][0-9.:-]*)")


def candidates(ports: Sequence[P], part: str) -> list[P]:
    """Return the ports that `part` of a name fits, those of one name in the order of their numbers.

    part: may end in the number or the USB socket of one of several ports of one name.
    """
    fitting = _fitting(ports, part)
    chosen = _SELECTED.fullmatch(part.strip())
    if fitting or chosen is None:
        return fitting
    twins, mark = _fitting(ports, chosen[1]), chosen[2]
    if mark.startswith("@"):
        return [port for port in twins if port.path == mark[1:]]
    return [port for port in twins if _number(port, ports) == int(mark[1:])]


def _fitting(ports: Sequence[P], part: str) -> list[P]:
    names = matching([port.name for port in ports], part)
    found = [port for port in ports if port.name in names]
    return [port for name in names for port in sorted((port for port in found if port.name == name), key=_place)]


def label(port: Named, ports: Sequence[Named]) -> str:
    """Return a name that only this one of the ports has: its own, or with its USB socket or its number."""
    twins = [other for other in ports if other.name == port.name]
    if len(twins) < 2:
        return port.name
    paths = {twin.path for twin in twins}
    if len(paths) == len(twins) and "" not in paths:
        return f"{port.name}@{port.path}"
    return f"{port.name}#{_number(port, ports)}"


def selector(part: str, name: str) -> str:
    """Return the number or USB socket by which `part` selects a port called `name`; empty if it gives none."""
    chosen = _SELECTED.fullmatch(part.strip())
    return chosen[2] if chosen is not None and not matching([name], part) else ""


def _number(port: Named, ports: Sequence[Named]) -> int:
    """Return the place of a port among those of its name, from 1 on."""
    places = sorted(_place(other) for other in ports if other.name == port.name)
    return 1 + places.index(_place(port))


def _place(port: Named) -> tuple[list[int], tuple[int, int]]:
    return [int(part) for part in re.findall(r"[0-9]+", port.path)], port.address


def is_name(spec: str) -> bool:
    """Return whether a word of `midi.output` is part of a port's name."""
    return spec not in WORDS and not spec.startswith("file:")


def full_name(client: str, port: str) -> str:
    """Join a client's and a port's name: 'FLUID Synth' and 'in'; 'FP-30X MIDI 1' already holds 'FP-30X'."""
    return port if port.startswith(client) else f"{client} {port}"


def is_instrument(name: str) -> bool:
    """Return whether a port of that name may be chosen without being asked for."""
    return not any(part in name.lower() for part in _NO_INSTRUMENTS)


def matching(names: Iterable[str], part: str) -> list[str]:
    """Return the names that hold `part`, in whatever case, each once; a whole name means only itself."""
    names = dict.fromkeys(names)
    wanted = part.strip().lower()
    return [name for name in names if name.lower() == wanted] or [name for name in names if wanted in name.lower()]


def unsubscribable(name: str) -> str:
    """Return the error text for a synth that cannot be subscribed to our port."""
    return f"{name}: cannot be subscribed; does another program use it alone?"


def the_one(names: Sequence[str], part: str, asked: str = "midi.output") -> str:
    """Return the only name that `part` fits. Raises OutputError, listing what there is, if none or several do.

    asked: where `part` is written, for those who have to mend it.
    """
    found = matching(names, part)
    if len(found) == 1:
        return found[0]
    if found:
        raise ambiguous(found, part, asked)
    there = f"there is {_list(dict.fromkeys(names))}" if names else "there is none at all; is it switched on?"
    raise OutputError(f"{asked}: no MIDI port is called {part!r}{did_you_mean(part.lower(), WORDS)}; {there}")


def ambiguous(names: Iterable[str], part: str, asked: str) -> OutputError:
    """Return what is raised where `part` fits ports of several names."""
    return OutputError(f"{asked}: {part!r} fits several ports: {_list(names)}; write more of the name")


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
