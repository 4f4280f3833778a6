"""How fast a piece goes where nobody says so.

Law: the tempo follows from what the piece's file says, or else from its kind and metre alone.

The figures are usual ones of today for the dances of Bach's suites. They were chosen, not measured.
"""

from __future__ import annotations

import re
from typing import Final

from bachd.music.event import TICKS
from bachd.music.metre import Metre
from bachd.music.piece import Piece

USUAL: Final = 84.0
"""Felt beats a minute of a piece of no special kind; quarter notes a minute of a tempo that nothing is known of."""
_KINDS: Final = {
    "allemande": 72.0,
    "bourree": 144.0,
    "corrente": 120.0,
    "courante": 96.0,
    "gavotte": 132.0,
    "giga": 92.0,
    "gigue": 92.0,
    "loure": 66.0,
    "menuet": 116.0,
    "minuet": 116.0,
    "passepied": 144.0,
    "sarabande": 60.0,
    "sinfonia": 76.0,
}
"""By a word of the name. Of the gigues the dotted quarter, of all others the quarter."""
_WORD: Final = re.compile(r"[a-z]+")


def of(piece: Piece) -> float:
    """Quarter notes a minute: the file's, or the usual ones."""
    return piece.bpm if piece.bpm is not None else usual(piece.name, piece.grid.changes[0][1])


def usual(name: str, metre: Metre) -> float:
    """Quarter notes a minute of a piece with such a name, such as 'bwv1007-gigue', in such a metre."""
    kind = next((word for word in _WORD.findall(name.lower()) if word in _KINDS), None)
    if kind in ("gigue", "giga"):
        return _KINDS[kind] * (1.5 if metre.unit == 8 else 1.0)
    if kind is not None:
        return _KINDS[kind]
    if metre.compound:
        return USUAL * metre.beat / TICKS * 0.75  # a dotted quarter is felt a little slower than a quarter
    return USUAL * (1.5 if metre.unit == 2 and metre.beats > 2 else 1.0)  # the halves of 3/2 go on
