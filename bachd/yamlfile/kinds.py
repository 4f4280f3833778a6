"""Define the kinds of values that keys may have: how each is read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bachd.music import pitch
from bachd.music.performance import general_midi
from bachd.yamlfile.fields import Section
from bachd.yamlfile.wording import shortened


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """Kind of a key's value."""

    read: Callable[[Section, str, Any], Any]
    """Returns the value of a key by its name, or the given default if it has none; notes its faults."""
    limits: tuple[float, float] | None = None
    """Least and largest number."""
    plain: Callable[[Any], Any] = _same
    """Returns a value as the file writes it, in JSON's types."""
    example: Callable[[Any], Any] | None = None
    """Returns a value as the shipped file writes it, where that is shorter."""
    whole: bool = False
    """Whether numbers are whole ones."""
    choices: tuple[Any, ...] = ()
    """All values there are, where they are few: those of a switch, or some words."""


def text(*words: str) -> Kind:
    """Return one line of text; one of the words may be written in any case."""
    return Kind(lambda section, name, default: section.text(name, default, words))


def texts(*words: str, most: int = 16) -> Kind:
    """Return lines of text, each as `text`; so many at most."""
    return Kind(lambda section, name, default: section.texts(name, default, words, most), example=only_or_all)


def choice(*words: str) -> Kind:
    """Return one of some words, in any case."""
    return Kind(lambda section, name, default: section.choice(name, words, default), choices=words)


def switch() -> Kind:
    """Return true or false."""
    return Kind(lambda section, name, default: section.switch(name, default), choices=(False, True))


def number(low: float, high: float, *words: str) -> Kind:
    """Return a number, or one of some words in any case."""
    return Kind(lambda section, name, default: section.number_or_word(name, low, high, words, default), (low, high))


def whole(low: int, high: int, *, zero: int = 0) -> Kind:
    """Return a whole number. zero: what people call that which is 0 inside."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = section.whole(name, low, high, None)
        return default if found is None else found - zero

    return Kind(read, (low, high), lambda value: None if value is None else value + zero, whole=True)


def wholes(low: int, high: int) -> Kind:
    """Return whole numbers."""
    return Kind(lambda section, name, default: section.wholes(name, low, high, default), (low, high))


def note() -> Kind:
    """Return the number of a note, written as its name, such as 'C4', or as a MIDI number."""

    def read(section: Section, name: str, default: Any) -> Any:
        given = section.text(name, None)
        if given is None:
            return default
        try:
            found = int(given) if given.isdecimal() else pitch.number(given)
            pitch.name(found)  # whether there is one
        except ValueError as fault:
            section.fault(name, str(fault))
            return default
        return found

    limits = pitch.LOWEST, pitch.HIGHEST
    return Kind(read, limits, lambda value: None if value is None else pitch.name(value), whole=True)


def program(*, zero: int = 0) -> Kind:
    """Return a program of General MIDI, written as its number or its name, such as 'cello'. zero: as for `whole`."""
    low, high = 1, len(general_midi.NAMES)
    number = whole(low, high, zero=zero)

    def read(section: Section, name: str, default: Any) -> Any:
        given = section.text(name, None) if section.is_word(name) else None
        if given is None:
            return number.read(section, name, default)
        try:
            return general_midi.number(given) - zero
        except ValueError as fault:
            section.fault(name, f"{shortened(given)!r} {fault}")
            return default

    return Kind(read, number.limits, number.plain, whole=True)


def only_or_all(values: Sequence[Any]) -> Any:
    """Return the only one of some values, or all of them."""
    return values[0] if len(values) == 1 else values
