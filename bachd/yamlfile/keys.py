"""Declare the keys of a settings file, once: kind of value, limits, default and help, as fields of a dataclass.

Law: what is said of a key is said here alone: reading and checking, the controls of the page and the comments of the
shipped file all follow it.

    @dataclass(frozen=True, slots=True)
    class Midi:
        program: int | None = setting(None, kinds.whole(1, 128), "The sound to ask the synth for: {limits}.")

A key whose default is such a dataclass itself (`section`) is a mapping in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from bachd.yamlfile.fields import Section
from bachd.yamlfile.kinds import Kind
from bachd.yamlfile.wording import figure

T = TypeVar("T")

_KEY: Final = "key"
_INDENT: Final = "\n" + 8 * " "
"""In front of the further lines of a help in a call of `setting`."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a file."""

    path: str
    """Such as 'seed.piece'."""
    kind: Kind | None
    """None for a section."""
    default: Any
    help: str
    """What it means, for people."""
    null: Any = None
    """Of a section: what it means if it stands there with a null; None: its defaults."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def setting(default: T, kind: Kind, help: str) -> T:  # noqa: A002  (as argparse calls it)
    """Declare a key. help: '{limits}' in it stands for 'LOW to HIGH'."""
    return _field(default, kind, help, None)


def section(default: T, help: str = "", *, null: T | None = None) -> T:  # noqa: A002
    """Declare a mapping whose keys are those of the dataclass of `default`."""
    return _field(default, None, help, null)


def keys(table: Any, above: str = "") -> Iterator[Key]:
    """Yield the keys of a dataclass or of an object of it, with the sections before their keys."""
    for found in _own(table, above):
        yield found
        if found.kind is None:
            yield from keys(found.default, f"{found.path}.")


def read(table: type[T], section: Section) -> T:
    """Return the values of a mapping; its faults are noted."""
    section.table = table
    for each in _own(table):
        section.read[each.name] = _value(each, section)
    return table(**section.read)


def names(table: Any) -> list[str]:
    """Return what a mapping may have as its keys."""
    return [each.name for each in fields(table)]


def plain(values: Any) -> dict[str, Any]:
    """Return values as the file writes them, in JSON's types."""
    return {
        each.name: plain(getattr(values, each.name))
        if each.kind is None
        else each.kind.plain(getattr(values, each.name))
        for each in _own(values)
    }


def changes(before: Any, after: Any, above: str = "") -> list[str]:
    """Return the keys whose values differ: 'tempo', 'midi.output'."""
    found = []
    for each in _own(before):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old != new:
            path = f"{above}{each.name}"
            found += [path] if each.kind else changes(old, new, f"{path}.")
    return found


def _field(default: T, kind: Kind | None, text: str, null: Any) -> T:
    metadata = {_KEY: (kind, text, null, default)}
    if type(default).__hash__ is None:  # an empty dictionary, say, which dataclasses want made for each object
        return field(default_factory=lambda: copy(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _own(table: Any, above: str = "") -> Iterator[Key]:
    """Yield the keys of a dataclass itself, without those of its sections."""
    for each in fields(table):
        kind, text, null, default = each.metadata[_KEY]
        yield Key(f"{above}{each.name}", kind, default, _help(text, kind), null)


def _value(each: Key, above: Section) -> Any:
    if each.kind is not None:
        return each.kind.read(above, each.name, each.default)
    if each.null is not None and above.is_null(each.name):
        return each.null
    instead = ", or null for none" if each.null is not None else ""
    return read(type(each.default), above.section(each.name, names(each.default), instead))


def _help(text: str, kind: Kind | None) -> str:
    limits = kind.limits if kind else None
    told = " to ".join(map(figure, limits)) if limits else ""
    return text.replace(_INDENT, "\n").replace("{limits}", told)
