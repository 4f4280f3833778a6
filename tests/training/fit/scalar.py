"""What the network sees and says of a piece, event by event, by the functions that are used when it plays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from bachd.music.event import Event
from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.neural import chord_spelling, features
from bachd.neural.outlook import NOWHERE, Melody, Outlook, along
from bachd.training.fit.data.records import Chords, in_layout
from bachd.training.fit.dataset import EMPTY, Encoded


def encode(piece: Piece, form: Form | None = None) -> Encoded:
    """A piece whose form is told, if there is one."""
    events = in_layout(piece)
    outlooks = [NOWHERE] * (len(events) + 1) if form is None else along(form, events)
    return encode_events(piece, events, outlooks)


def encode_events(piece: Piece, past: Sequence[Event], outlooks: Sequence[Outlook]) -> Encoded:
    """The events of a piece after a past that may not be its own."""
    events = in_layout(piece)
    onsets = list(accumulate((event.ticks for event in events), initial=0))
    rows = np.zeros((len(events) + features.CONTEXT, features.ROW), np.uint8)
    rows[: features.CONTEXT, features.PADDING] = 1
    rows[features.CONTEXT - 1, features.before_start(piece.grid.place(0), outlooks[0])] = 1
    before = [(), *(event.sounding for event in past)]
    for index, event in enumerate(past):
        place = piece.grid.place(onsets[index + 1])
        rows[features.CONTEXT + index, features.columns(event, before[index], place, outlooks[index + 1])] = 1
    spelled = [chord_spelling.spell(event, sounded) for event, sounded in zip(events, before, strict=False)]
    rows_of_symbols = [*(symbols for symbols, _ in spelled), [features.END_OF_PIECE]]
    width = max(map(len, rows_of_symbols))
    table = np.full((len(events) + 1, width), EMPTY, np.int32)
    notes = np.zeros((len(events) + 1, width, features.NOTES), np.uint8)
    for index, symbols in enumerate(rows_of_symbols):
        given = 0 if outlooks[index].given is None else 1
        table[index, given : len(symbols)] = symbols[given:]
        for count in range(given, len(symbols)):
            columns = chord_spelling.head_input_columns(symbols[:count], before[index], outlooks[index])
            notes[index, count, columns] = 1
    lengths = [*(length for _, length in spelled), EMPTY]
    return Encoded(piece.name, rows, table, notes, np.array(lengths, np.int32), (0, 0))


def melodic(events: Sequence[Event]) -> list[Outlook]:
    """What the top voice, given note by note, says of some events, and of the end."""
    melody, found = Melody(), []
    for event in events:
        if event.sounding:
            top = event.sounding[-1]
            found.append(melody.outlook(top, held=top in event.held))
            melody.push(top, event.ticks)
        else:
            found.append(NOWHERE)
    return [*found, NOWHERE]


def to_events(chords: Chords, like: Sequence[Event]) -> list[Event]:
    """Arrays as events, as long as others are."""
    found = []
    for pitches, held, event in zip(chords.pitches.tolist(), chords.held.tolist(), like, strict=True):
        notes = sorted((pitch, is_held) for pitch, is_held in zip(pitches, held, strict=True) if pitch >= 0)
        starts = tuple(pitch for pitch, is_held in notes if not is_held)
        found.append(Event(starts, tuple(pitch for pitch, is_held in notes if is_held), event.ticks))
    return found


def moved(piece: Piece, semitones: int) -> Piece:
    """A piece that is transposed."""
    return Piece(piece.name, tuple(event.moved(semitones) for event in piece.events), piece.grid)
