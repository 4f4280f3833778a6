"""Have the network play what it is trained on, with the top voice given, to show it its own mistakes as the past.

Law: what is to be predicted stays what was written; only what came before is the network's own.

This is the data aggregation of Ross, Gordon and Bagnell 2011 ("A reduction of imitation learning and structured
prediction to no-regret online learning", arXiv:1011.0686): a network that is trained on Bach's pasts alone meets pasts
that it has never seen as soon as it plays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from keras import ops

from bachd import atomic_file
from bachd.neural.features import BEFORE, CONTEXT, END, HOLD, LOWEST, PITCHES, ROW, START, SYMBOLS
from bachd.training import disk
from bachd.training.fit.data import head_features, row_features
from bachd.training.fit.data.records import HELD, Bytes, Chords, Ints, Packed, chords, require_whole
from bachd.training.fit.data.row_features import Seen
from bachd.training.fit.dataset import EMPTY, Indexes
from bachd.training.fit.network import NEVER, Network
from bachd.training.fit.step_math import compiled

FILE: Final = "own-past.npy"
"""Name of the file in the folder of a run that keeps what the network played last."""
_TEMPERATURE: Final = 0.7
_FILL: Final = 32
"""Arrays are filled up to multiples of this, so that few graphs are traced."""
_BLOCK: Final = 1024
"""Pieces that are played together."""


class Pasts:
    """What the network played last."""

    def __init__(self, notes: Bytes) -> None:
        """`notes` (R, V) are those of each record of a `Packed`, from the top down; 0 where there are fewer."""
        self._notes = notes

    def past(self, packed: Packed, piece: int) -> Chords | None:
        """Return the events of a piece as they were played; None if the piece was not. Raises CutShortError."""
        require_whole(self._notes)
        notes = np.asarray(self._notes[packed.first[piece] : packed.first[piece + 1] - 1])
        if not notes.any():
            return None
        return _chords(notes)


def play(network: Network, packed: Packed, rng: np.random.Generator, file: Path) -> Pasts:
    """Play all pieces of several voices, each with its own top voice given, and keep what was played in a file.

    Raises DiskError if there is no room for it.
    """
    counts = np.diff(packed.records["note"])
    voices = np.array([_voices(counts[first:end]) for first, end in zip(packed.first, packed.first[1:], strict=False)])
    chosen = np.flatnonzero(voices > 1)
    chosen = chosen[np.argsort(np.diff(packed.first)[chosen], kind="stable")]
    ask = _Halves(network)
    last = "the last finished epoch is kept: make room, and the same command goes on from it"
    with disk.writing(file, last), atomic_file.replacing(file) as new:
        shape = (len(counts), max(1, int(voices.max(initial=0))))
        notes = np.lib.format.open_memmap(new, "w+", np.uint8, shape)
        if hasattr(os, "posix_fallocate"):  # else a disk that fills may end this process with SIGBUS
            with new.open("rb+") as opened:
                os.posix_fallocate(opened.fileno(), 0, new.stat().st_size)
        for begin in range(0, len(chosen), _BLOCK):
            packed.require_whole()
            block = chosen[begin : begin + _BLOCK]
            for records, played in _played(ask, packed, block, voices[block], rng):
                notes[records, : played.shape[1]] = played
        notes.flush()
    return Pasts(np.load(file, mmap_mode="r"))


def kept(file: Path) -> Pasts | None:
    """Return what was played last in a run; None if nothing was."""
    try:
        return Pasts(np.load(file, mmap_mode="r"))
    except (FileNotFoundError, ValueError):
        return None


def _voices(counts: Ints) -> int:
    """Notes that most chords of a piece have."""
    return int(np.median(counts[counts > 0])) if counts.any() else 0


def _played(
    ask: _Halves, packed: Packed, pieces: Ints, voices: Ints, rng: np.random.Generator
) -> Iterator[tuple[Ints, Bytes]]:
    """Yield, step by step, the records of the pieces that still go on, and the notes that were played for them."""
    first, lengths = packed.first[pieces], np.diff(packed.first)[pieces] - 1
    width = max(1, int(voices.max()))
    past, earlier = (np.zeros((len(pieces), width), np.uint8) for _ in range(2))
    rows = np.zeros((len(pieces), CONTEXT, ROW), np.uint8)
    rows[:, :, BEFORE] = 1
    for step in range(int(lengths.max())):
        here = np.flatnonzero(lengths > step)
        records = first[here] + step
        true, before = chords(packed, records), _chords(past[here])
        seen = _seen(packed, records, true)
        rows[here, :-1] = rows[here, 1:]
        steps = np.full(len(here), step)
        rows[here, -1] = row_features.rows(packed, records, steps, before, _chords(earlier[here]), seen)
        symbols = _spelled(ask, ask.hidden(rows[here]), true, before, seen, voices[here], rng)
        earlier[here] = past[here]
        past[here] = 0
        past[here, : symbols.shape[1]] = _notes(symbols)
        yield records, past[here]


def _seen(packed: Packed, records: Ints, true: Chords) -> Seen:
    """Return what a given top voice says of some events."""
    home, key = (packed.records[name][records].astype(int) for name in ("melody_home", "melody_key"))
    return Seen(home, key, np.zeros(len(records), int), true.pitches[:, 0].astype(int), true.held[:, 0])


def _chords(notes: Bytes) -> Chords:
    return Chords(np.where(notes > 0, (notes % HELD).astype(np.int16), np.int16(-1)), notes >= HELD)


def _notes(symbols: Indexes) -> Bytes:
    """Return the notes of symbols (N, V), as `Pasts` has them."""
    notes = LOWEST + symbols % PITCHES + HELD * (symbols >= HOLD)
    return np.where((symbols >= 0) & (symbols < END), notes, 0).astype(np.uint8)


def _spelled(
    ask: _Halves, hidden: Any, true: Chords, sounded: Chords, seen: Seen, voices: Ints, rng: np.random.Generator
) -> Indexes:
    """Return the symbols of the next chord of N pieces, shape (N, V), its top note as given."""
    found = np.full((len(voices), int(voices.max())), EMPTY, np.int32)
    top = true.pitches[:, 0].astype(int)
    is_held = true.held[:, 0] & (sounded.pitches == true.pitches[:, :1]).any(axis=1)
    found[:, 0] = np.where(top >= 0, top - LOWEST + np.where(is_held, HOLD, START), EMPTY)
    going = np.flatnonzero((top >= 0) & (voices > 1))
    for count in range(1, found.shape[1]):
        if not len(going):
            break
        so_far = np.concatenate([found[going, :count], np.full((len(going), 1), END, np.int32)], axis=1)
        before = Chords(sounded.pitches[going], sounded.held[going])
        told = head_features.told(so_far, before, seen.of(going))[:, count]
        logits = ask.logits(hidden[going], told) / _TEMPERATURE
        drawn = (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)
        found[going, count] = np.where(drawn < END, drawn, EMPTY)
        going = going[(drawn < END) & (voices[going] > count + 1)]
    return found


class _Halves:
    """The two halves of a network, for as many pieces as there are."""

    def __init__(self, network: Network) -> None:
        self._trunk = compiled(network, lambda rows: network.trunk(rows)[:, 0])

        def answer(hidden: Any, notes: Any) -> Any:
            logits = network.answers(network.head(hidden, notes), notes)
            return ops.where(network.possible(notes), logits, NEVER)[:, :SYMBOLS]

        self._answer = compiled(network, answer)

    def hidden(self, rows: Any) -> Any:
        """What the trunk makes of windows (P, CONTEXT, ROW): (P, hidden)."""
        return np.asarray(self._trunk(_filled(rows)))[: len(rows)]

    def logits(self, hidden: Any, notes: Any) -> Any:
        """What the head says after `notes` (P, NOTES): (P, SYMBOLS)."""
        return np.asarray(self._answer(_filled(hidden), _filled(notes)))[: len(hidden)]


def _filled(array: Any) -> Any:
    """Repeat the last row up to a multiple of _FILL rows."""
    wide = [(0, -len(array) % _FILL), *[(0, 0)] * (array.ndim - 1)]
    return ops.convert_to_tensor(np.pad(array, wide, mode="edge").astype(np.float32))
