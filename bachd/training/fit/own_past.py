"""Have the network play what it is trained on, with the top voice given, to show it its own mistakes as the past.

Law: what is to be predicted stays what was written; only what came before is the network's own.

This is the data aggregation of Ross, Gordon and Bagnell 2011 ("A reduction of imitation learning and structured
prediction to no-regret online learning", arXiv:1011.0686): a network that is trained on Bach's pasts alone meets pasts
that it has never seen as soon as it plays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf

from bachd import atomic_file
from bachd.music.event import Event, parse_line, print_line
from bachd.neural import chord_spelling, features
from bachd.neural.features import END, HOLD, LOWEST, PITCHES, START
from bachd.training.fit.examples import Example
from bachd.training.fit.network import Network

FILE: Final = "own-past.json"
"""Name of the file in the folder of a run that keeps what the network played last."""
_TEMPERATURE: Final = 0.7
_BLOCK: Final = 32
"""Pieces are played together in multiples of this, so that few graphs are traced."""

Pasts = Mapping[str, Sequence[Event]]
"""By the names of pieces: their events as the network plays them, of the same lengths and with the same top notes."""


def play(network: Network, shown: Sequence[Example], rng: np.random.Generator) -> dict[str, list[Event]]:
    """Play all pieces at once, each with its own top voice given."""
    pieces = list({each.piece.name: each for each in shown if each.voices > 1}.values())
    pieces.sort(key=lambda each: len(each.events))
    found: dict[str, list[Event]] = {each.piece.name: [] for each in pieces}
    rows = np.zeros((len(pieces), features.CONTEXT, features.ROW), np.float32)
    rows[:, :, features.PADDING] = 1
    rows[:, -1, features.PADDING] = 0
    ticks = [0] * len(pieces)
    for window, each in zip(rows, pieces, strict=True):
        window[-1, features.before_start(each.piece.grid.place(0), each.melodic[0])] = 1
    ask = _Halves(network)
    for step in range(len(pieces[-1].events) if pieces else 0):
        first = next(index for index, each in enumerate(pieces) if len(each.events) > step)
        here = range(first, len(pieces))
        hidden = ask.hidden(rows[first:])
        chords = _chords(ask, hidden, [pieces[index] for index in here], found, step, rng)
        for index, symbols in zip(here, chords, strict=True):
            each = pieces[index]
            past = found[each.piece.name]
            event = _event(symbols, each.events[step].ticks)
            sounded = past[-1].sounding if past else ()
            past.append(event)
            ticks[index] += event.ticks
            rows[index, :-1] = rows[index, 1:]
            rows[index, -1] = 0
            place = each.piece.grid.place(ticks[index])
            rows[index, -1, features.columns(event, sounded, place, each.melodic[step + 1])] = 1
    return found


def keep(pasts: Pasts, folder: Path) -> None:
    """Write what was played into the folder of a run."""
    text = json.dumps({name: print_line(events) for name, events in pasts.items()})
    atomic_file.replace(folder / FILE, text.encode())


def kept(folder: Path) -> Pasts:
    """What was played last in the run in `folder`; empty if nothing was."""
    file = folder / FILE
    if not file.exists():
        return {}
    return {name: parse_line(line) for name, line in json.loads(file.read_text()).items()}


class _Halves:
    """The two halves of a network, for as many pieces as there are."""

    def __init__(self, network: Network) -> None:
        self._trunk = tf.function(lambda rows: network.trunk(rows)[:, 0], reduce_retracing=True)

        def answer(hidden: tf.Tensor, notes: tf.Tensor) -> tf.Tensor:
            logits = network.answers(network.head(hidden, notes), notes)
            return tf.where(network.possible(notes), logits, -1e9)[:, : features.SYMBOLS]

        self._answer = tf.function(answer, reduce_retracing=True)

    def hidden(self, rows: Any) -> Any:
        """What the trunk makes of windows (P, CONTEXT, ROW): (P, hidden)."""
        return self._trunk(_filled(rows)).numpy()[: len(rows)]

    def logits(self, hidden: Any, notes: Any) -> Any:
        """What the head says after `notes` (P, NOTES): (P, SYMBOLS)."""
        return self._answer(_filled(hidden), _filled(notes)).numpy()[: len(hidden)]


def _filled(array: Any) -> tf.Tensor:
    """Repeat the last row up to a multiple of _BLOCK rows."""
    return tf.constant(np.pad(array, [(0, -len(array) % _BLOCK), *[(0, 0)] * (array.ndim - 1)], mode="edge"))


def _chords(
    ask: _Halves,
    hidden: Any,
    pieces: Sequence[Example],
    found: Mapping[str, Sequence[Event]],
    step: int,
    rng: np.random.Generator,
) -> list[list[int]]:
    """The symbols of the next chord of each piece, its top note as given."""
    sounded = [past[-1].sounding if (past := found[each.piece.name]) else () for each in pieces]
    chords: list[list[int]] = []
    for each, before in zip(pieces, sounded, strict=True):
        event = each.events[step]
        top = event.sounding[-1:]
        is_held = bool(top) and top[0] in event.held and top[0] in before
        chords.append([(HOLD if is_held else START) + pitch - LOWEST for pitch in top])
    open_ = [index for index, chord in enumerate(chords) if chord]
    while open_:
        notes = np.zeros((len(open_), features.NOTES), np.float32)
        for row, index in zip(notes, open_, strict=True):
            row[chord_spelling.head_input_columns(chords[index], sounded[index], pieces[index].melodic[step])] = 1
        logits = ask.logits(hidden[open_], notes) / _TEMPERATURE
        drawn = (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)
        still = []
        for index, symbol in zip(open_, drawn.tolist(), strict=True):
            if symbol < END:
                chords[index].append(symbol)
                if len(chords[index]) < pieces[index].voices:
                    still.append(index)
        open_ = still
    return chords


def _event(symbols: Sequence[int], ticks: int) -> Event:
    pitches = sorted((symbol % PITCHES + LOWEST, symbol >= HOLD) for symbol in symbols)
    return Event(
        tuple(pitch for pitch, held in pitches if not held), tuple(pitch for pitch, held in pitches if held), ticks
    )
