"""Files that mido reads, too, have the same notes here."""

from __future__ import annotations

from io import BytesIO

import mido
from hypothesis import given, settings

from bachd.music import smf
from tests.fuzz.scores import scores

Strikes = list[tuple[int, int, int, int]]
"""Tick, channel, number and velocity of the notes that begin in a track."""


def by_mido(data: bytes) -> list[Strikes] | None:
    """The notes that begin in each track up to its first end, as mido reads them.

    None where it refuses the file, or where a chunk's length is wrong: mido believes the length, players the music.
    """
    if not lengths_fit(data):
        return None
    try:
        file = mido.MidiFile(file=BytesIO(data), clip=True)
    except Exception:  # noqa: BLE001  (mido has many ways to refuse a file)
        return None
    found = []
    for track in file.tracks:
        tick, strikes = 0, []
        for message in track:
            tick += message.time
            if message.type == "end_of_track":
                break
            if message.type == "note_on":
                strikes.append((tick, message.channel, message.note, message.velocity))
        found.append(strikes)
    return found


def lengths_fit(data: bytes) -> bool:
    """Whether one chunk follows another to the end of the file."""
    position = 0
    while position + 8 <= len(data) and data[position : position + 4].isalnum():
        position += 8 + int.from_bytes(data[position + 4 : position + 8])
    return position == len(data)


def by_bachd(data: bytes) -> tuple[dict[int, Strikes], tuple[str, ...]]:
    file = smf.parse(data, len(data))
    found: dict[int, Strikes] = {}
    for tick, track, message in file.messages:
        if message.type == "note_on":
            found.setdefault(track, []).append((tick, message.channel, message.note, message.velocity))
    return found, file.faults


@settings(max_examples=300)
@given(scores())
def test_mido_finds_the_same_notes(data: bytes) -> None:
    if (expected := by_mido(data)) is None:
        return
    try:
        found, faults = by_bachd(data)
    except ValueError as refused:
        if "format 2" in str(refused) or "its ticks have no length" in str(refused):
            return
        raise
    for number, strikes in enumerate(expected, 1):
        if any(fault.startswith(f"track {number} ") for fault in faults):
            assert found.get(number, []) == strikes[: len(found.get(number, []))], number
        else:
            assert found.get(number, []) == strikes, number
