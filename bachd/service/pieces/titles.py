"""Name pieces as music lovers know them: 'Wachet auf, ruft uns die Stimme', 'Cello Suite No. 1, Prelude'.

Law: a title is that of a work in the BWV catalogue; a piece that is not known there has none.

chorales.tsv has the titles of Bach's chorales as music21's list of them has (BSD-3-Clause), and of three more.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import bachd.service.pieces


class _Series(NamedTuple):
    """Works that are numbered one after another."""

    first: int
    last: int
    title: str
    """With the place for the number, which counts from 1."""


_SERIES: Final = (
    _Series(772, 786, "Invention No. {}"),
    _Series(787, 801, "Sinfonia No. {}"),
    _Series(806, 811, "English Suite No. {}"),
    _Series(812, 817, "French Suite No. {}"),
    _Series(825, 830, "Partita No. {}"),
    _Series(846, 869, "The Well-Tempered Clavier, Book I, No. {}"),
    _Series(870, 893, "The Well-Tempered Clavier, Book II, No. {}"),
    _Series(933, 938, "Little Prelude No. {}"),
    _Series(971, 971, "Italian Concerto"),
    _Series(988, 988, "Goldberg Variations"),
    _Series(996, 996, "Lute Suite in E minor"),
    _Series(1007, 1012, "Cello Suite No. {}"),
    _Series(1013, 1013, "Partita for flute"),
    _Series(1080, 1080, "The Art of Fugue"),
)
_VIOLIN: Final = {
    1001: "Violin Sonata No. 1",
    1002: "Violin Partita No. 1",
    1003: "Violin Sonata No. 2",
    1004: "Violin Partita No. 2",
    1005: "Violin Sonata No. 3",
    1006: "Violin Partita No. 3",
}
_NAME: Final = re.compile(r"bwv((\d+)[a-z]?(?:\.\d+)?)(?:-(.+))?", re.IGNORECASE)
_SAID: Final = re.compile(r"(invention|sinfonia)-\d+|little-prelude")
"""Names of movements that only repeat what the work is."""
_WORDS: Final = {"bourree": "Bourrée", "var": "Variation"}
_MOVEMENTS: Final = {
    "burlesca-scherzo": "Burlesca and Scherzo",
    "tempo-di-gavotta": "Tempo di Gavotta",
    "tempo-di-minuetta": "Tempo di Minuetta",
}


def title(name: str) -> str:
    """The title of a piece by its name, such as 'bwv140.7' or 'bwv1007-prelude'; empty where it is not known."""
    found = _NAME.fullmatch(name)
    if found is None:
        return ""
    if chorale := _chorales().get(found[1]):
        return chorale
    work = _VIOLIN.get(int(found[2])) or _in_series(int(found[2]))
    if not work or not found[3] or _SAID.fullmatch(found[3]):
        return work
    return f"{work}, {_movement(found[3])}"


def full(name: str) -> str:
    """A piece's title and number, such as 'Jesu, meine Freude (BWV 227.1)'; its name where it has no title."""
    known, found = title(name), _NAME.fullmatch(name)
    return f"{known} (BWV {found[1]})" if known and found else name


def _in_series(number: int) -> str:
    for first, last, text in _SERIES:
        if first <= number <= last:
            return text.format(number - first + 1)
    return ""


def _movement(words: str) -> str:
    """'bourree-1-2' as 'Bourrée 1-2'."""
    kind, _, number = words.partition("-")
    return _MOVEMENTS.get(words) or f"{_WORDS.get(kind, kind.capitalize())} {number.lstrip('0')}".rstrip()


@cache
def _chorales() -> dict[str, str]:
    """Titles by the numbers of chorales."""
    text = files(bachd.service.pieces).joinpath("chorales.tsv").read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in text.splitlines())
    return {number: words for number, _, words in rows}
