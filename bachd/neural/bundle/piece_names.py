"""Find a bundle's piece by a name as people write it, or say which bundle has it.

Law: upper case and spaces do not count: 'BWV 269' is 'bwv269'.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from bachd.errors import ModelError, did_you_mean
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import read_card


def find(given: str, model: str, known: Collection[str]) -> str:
    """Return the name of one of the pieces `known`, which are those of `model`.

    Raises ModelError, which says what to write instead, if there is no such piece.
    """
    if given in known:
        return given
    plain = "".join(given.split()).lower()
    if plain in known:
        return plain
    raise ModelError(f"no piece {given!r} in model {model!r}{_instead(plain, known)}")


def _instead(plain: str, known: Collection[str]) -> str:
    if plain and (own := _parts(plain, known)):
        return f"; did you mean {own[0]!r}?" if len(own) == 1 else f"; did you mean one of {', '.join(own)}?"
    others = elsewhere()
    for other, its in others.items():
        choose = f"choose it with model: {other}, or --model {other}"
        if plain in its:
            return f"; it is a piece of model {other!r}: {choose}"
        if parts := _parts(plain, its):
            return f"; model {other!r} has {', '.join(parts)}: {choose}"
    if hint := did_you_mean(plain, known):
        return hint
    for other, its in others.items():
        if hint := did_you_mean(plain, its):
            return f"{hint.rstrip('?')} of model {other!r}?"
    return f"; it has {', '.join(known)}"


def elsewhere() -> dict[str, tuple[str, ...]]:
    """Return the pieces of each bundle that came with bachd, by its name; a damaged one has none."""
    found: dict[str, tuple[str, ...]] = {}
    for name in bundle.names():
        with suppress(ModelError, OSError):
            found[name] = tuple(read_card(bundle.folder(name)).seeds)
    return found


def _parts(plain: str, known: Collection[str]) -> list[str]:
    """The pieces of a work or a collection: 'bwv1007-prelude' and more of 'bwv1007', but not of 'bwv10'."""
    return [name for name in known if plain and name.startswith(plain) and not name[len(plain)].isalnum()]
