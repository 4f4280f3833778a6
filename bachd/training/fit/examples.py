"""What an epoch shows of each piece: with its plan, without, or with a melody that is given.

Law: what is shown follows from the piece, the recipe and the generator that is passed in.

A network that has only ever seen Bach's past is lost after its own first mistakes: it is exposed to nothing else
(Ranzato et al. 2016, arXiv:1511.06732). So some pasts are altered: spans of the voices below the top are those of other
places with the same top note, and what is to be predicted is still what Bach wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from bachd.music.event import Event
from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.outlook import NOWHERE, Melody, Outlook, along
from bachd.training.fit.dataset import Encoded, encode_events, in_layout, without_outlook
from bachd.training.recipe import Recipe

_BEGIN: Final = 0.12
"""Probability that an altered span begins with an event."""
_CONTINUE: Final = 0.85
"""Probability that it goes on with the next."""

Below: TypeAlias = tuple[int, ...]
"""The notes below a top note, as semitones below it, ascending in pitch."""
Voicings: TypeAlias = Mapping[tuple[int, bool], Sequence[Below]]
"""By the semitones of a top note above the tonic, and whether the piece is in minor: what stood below such notes."""


@dataclass(frozen=True, slots=True)
class Example:
    """A piece for training."""

    piece: Piece
    form: Form
    encoded: Encoded
    """With its plan."""
    events: Sequence[Event]
    """In terms of the feature layout."""
    planned: Sequence[Outlook]
    """What the form says of each event, and of the end."""
    melodic: Sequence[Outlook]
    """What the top voice, given note by note, says of them."""

    @property
    def voices(self) -> int:
        """Notes that most of its chords have."""
        return int(np.median([len(event.sounding) for event in self.events if event.sounding] or [0]))


def examples(pieces: Sequence[Piece], forms: Mapping[str, Form]) -> list[Example]:
    """Encode pieces, each with its form by its name."""
    known: dict[str, Example] = {}
    for piece in pieces:
        if piece.name not in known:
            known[piece.name] = example(piece, forms[piece.name])
    return [known[piece.name] for piece in pieces]


def example(piece: Piece, form: Form) -> Example:
    """Encode a piece of this form."""
    events = in_layout(piece)
    planned = along(form, events)
    return Example(piece, form, encode_events(piece, events, events, planned), events, planned, _melodic(events))


def _melodic(events: Sequence[Event]) -> list[Outlook]:
    melody, found = Melody(), []
    for event in events:
        if event.sounding:
            top = event.sounding[-1]
            found.append(melody.outlook(top, held=top in event.held))
            melody.push(top, event.ticks)
        else:
            found.append(NOWHERE)
    return [*found, NOWHERE]


def voicings(shown: Sequence[Example]) -> Voicings:
    """What stands below each top note in some pieces."""
    found: dict[tuple[int, bool], list[Below]] = {}
    for example in shown:
        home = example.form.home
        for event in example.piece.events:
            if event.sounding:
                *lower, top = event.sounding
                below = tuple(pitch - top for pitch in lower)
                found.setdefault(((top - home.tonic) % 12, home.minor), []).append(below)
    return found


def shown(
    example: Example,
    recipe: Recipe,
    known: Voicings,
    rng: np.random.Generator,
    own: Sequence[Event] | None = None,
) -> Encoded:
    """What one epoch shows of a piece. own: its past as the network plays it below a given voice, if known."""
    kind, altering = rng.random(2)
    altered = altering < recipe.altered
    if recipe.given <= kind < recipe.given + recipe.unplanned:
        return without_outlook(example.encoded)
    outlooks = example.melodic if kind < recipe.given else example.planned
    if not altered and outlooks is example.planned:
        return example.encoded
    past = example.events
    if own and outlooks is example.melodic:
        past = own
    elif altered:
        past = altered_past(example, known, rng)
    return encode_events(example.piece, example.events, past, outlooks)


def altered_past(example: Example, known: Voicings, rng: np.random.Generator) -> list[Event]:
    """The events of a piece, with spans of other notes below the top ones."""
    home = example.form.home
    found: list[Event] = []
    inside = False
    for event in example.events:
        inside = rng.random() < (_CONTINUE if inside else _BEGIN)
        if not inside or not event.sounding:
            found.append(event)
            continue
        top = event.sounding[-1]
        choice = known.get(((top - home.tonic) % 12, home.minor), [()])
        below = [top + step for step in choice[int(rng.integers(len(choice)))]]
        sounded = found[-1].sounding if found else ()
        held = {pitch for pitch in below if pitch in sounded and not event.starts}
        if top in event.held:
            held.add(top)
        pitches = {top, *(pitch for pitch in below if pitch >= features.LOWEST)}
        found.append(Event(tuple(sorted(pitches - held)), tuple(sorted(held)), event.ticks))
    return found
