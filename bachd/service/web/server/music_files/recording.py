"""Keep the steps that were played, so that they can be saved afterwards.

Law: the recording takes no more than its share of the disk however long bachd plays, and reading it no more memory than
a few steps. While the disk is full, or no file can be opened, it has a gap. A line that a crash cut off is left out.

It is a file of the steps as the feed sends them, a line of JSON each, and an older one of the same kind. What did not
sound, because the music was halted, is cut off again.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from bachd.midi.file.tracks import PPQ, Track, file_of
from bachd.music.event import TICKS
from bachd.music.message import (
    Message,
    key_signature,
    marker,
    note_off,
    note_on,
    program_change,
    set_tempo,
    time_signature,
)
from bachd.music.notation.spelling import key_named, signature
from bachd.music.notation.voices import MOST, names
from bachd.service.web.messages import Step

log = logging.getLogger("bachd")

SHARE: Final = 8 << 20
"""Bytes in each of the two files: together they hold some six hours of chorales."""
LONGEST_LINE: Final = 1 << 16
_CHANNELS: Final = 16
LATEST: Final = 1 << 18
"""Bytes at the end of a file, among which is whatever may still be taken back."""


class Recording:
    """The steps of a run, the latest of them."""

    def __init__(self, folder: Path, run: str) -> None:
        """Goes on with the recording in `folder` if it is of the same `run`, and begins a new one otherwise."""
        self._file, self._before, mark = folder / "played", folder / "played.before", folder / "played.run"
        self._works = True
        self.piece = ""
        """Name of the piece that was played last."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not mark.exists() or mark.read_text() != run:
                for path in (self._file, self._before):
                    path.unlink(missing_ok=True)
                mark.write_text(run)
        except OSError as fault:
            self._fail(fault)

    def add(self, step: Step) -> None:
        """Write a step down."""
        self.piece = step["piece"]
        try:
            with self._file.open("a") as file:
                file.write(json.dumps(step, separators=(",", ":")) + "\n")
                full = file.tell() >= SHARE
            if full:
                self._file.replace(self._before)
        except OSError as fault:
            self._fail(fault)
        else:
            self._works = True

    def retract(self, number: int, steps: Iterable[Step]) -> None:
        """Put `steps` in place of those that were written from step `number` on."""
        try:
            for path in (self._before, self._file):
                with suppress(FileNotFoundError), path.open("r+b") as file:
                    _cut(file, number)
        except OSError as fault:
            self._fail(fault)
        for step in steps:
            self.add(step)

    def _fail(self, fault: OSError) -> None:
        """Log the first of several failures."""
        if self._works:
            log.warning("what is played is not kept at present: %s", fault)
        self._works = False

    def steps(self, bars: int | None = None) -> Iterator[Step]:
        """Yield the last so many bars, begun from a bar line, or all that is there. The present bar counts."""
        with ExitStack() as stack:
            files = []
            for path in (self._before, self._file):
                with suppress(OSError):
                    files.append(stack.enter_context(path.open("rb")))
            start = 0 if bars is None else _start(files, bars)
            for number, (_, step) in enumerate(_read(files)):
                if number >= start:
                    yield step


def _cut(file: BinaryIO, number: int) -> None:
    """Cut a file off before step `number`, if that is among its last ones."""
    end = file.seek(0, SEEK_END)
    if file.seek(max(0, end - LATEST)):
        file.readline(LONGEST_LINE)  # the rest of one
    where = file.tell()
    while line := file.readline(LONGEST_LINE):
        with suppress(ValueError, TypeError, LookupError):
            if json.loads(line)["n"] >= number:
                file.truncate(where)
                return
        where = file.tell()


def _read(files: Iterable[BinaryIO]) -> Iterator[tuple[tuple[str, int], Step]]:
    """Yield each step from the beginning of the files, with its piece and bar; skip lines that are not steps."""
    for file in files:
        file.seek(0)
        while line := file.readline(LONGEST_LINE):
            try:
                step: Step = json.loads(line)
                place = step["piece"], step["bar"]
                _ = step["notes"], step["key"]  # which another version may not have written
            except (ValueError, TypeError, LookupError):
                continue
            yield place, step


def _start(files: Iterable[BinaryIO], bars: int) -> int:
    """Return the number of the step with which the last so many bars begin."""
    begins: deque[int] = deque(maxlen=bars)
    before = None
    for number, (bar, _) in enumerate(_read(files)):
        if bar != before:
            begins.append(number)
            before = bar
    return begins[0] if len(begins) == bars else 0


def write_midi(steps: Iterable[Step], program: int | None = None) -> bytes:
    """Return a .mid of steps, with a track for each voice; nothing if there are none.

    program: of all channels, 0 to 127; None leaves it to whoever plays the file.
    """
    signs, parts = Track("bachd"), [Track("") for _ in range(MOST)]
    sounds = [] if program is None else [program_change(channel, program) for channel in range(_CHANNELS)]
    for tick, voice, message in _messages(steps):
        while sounds:
            signs.add(0, sounds.pop())
        (signs if voice is None else parts[voice]).add(tick, message)
    if signs.is_empty:
        return b""
    used = max((number for number, part in enumerate(parts, 1) if not part.is_empty), default=1)
    for part, name in zip(parts, names(used), strict=False):
        part.name = name
    return file_of([signs, *parts[:used]], PPQ)


def _messages(steps: Iterable[Step]) -> Iterator[tuple[int, int | None, Message]]:
    """Yield the messages of steps with their ticks and voices; None is for all."""
    tick = 0
    sounding: dict[int, tuple[int, int]] = {}  # the notes that sound -> their channels, 0 to 15, and voices
    metre = bpm = piece = None
    expected: int | None = None
    for step in steps:
        # After a gap, nothing is held: what came in between is not known.
        held = [note for note in step["held"] if note in sounding] if step["n"] == expected else []
        voices = {note: voice for note, _, voice in step["notes"]}
        struck = {note: voices.get(note, 0) for note, _, _ in step["starts"]}
        ended = [(note, *sounding.pop(note)) for note in tuple(sounding) if note not in held]
        # Another track that strikes one of them again may be played first: those end a tick early, before the others.
        offs = [(struck.get(note, voice) == voice, note, channel, voice) for note, channel, voice in ended]
        for in_time, note, channel, voice in sorted(offs):
            yield tick - (not in_time), voice, note_off(channel, note)
        if metre != (metre := step["metre"]):
            yield tick, None, time_signature(metre[0], metre[1])
        if bpm != (bpm := step["bpm"]):
            yield tick, None, set_tempo(bpm)
        if piece != (piece := step["piece"]) or step["opens"]:
            yield tick, None, marker(piece)
            if (key := key_named(step["key"])) is not None:
                yield tick, None, key_signature(signature(key), minor=key.minor)
        for note, velocity, channel in step["starts"]:
            sounding[note] = channel - 1, struck[note]
            yield tick, struck[note], note_on(channel - 1, note, velocity)
        tick += step["ticks"] * PPQ // TICKS
        expected = step["n"] + 1
    for note, (channel, voice) in sounding.items():
        yield tick, voice, note_off(channel, note)


def seconds(steps: Iterable[Step]) -> float:
    """Return how long steps last together."""
    return sum(step["ticks"] * 60.0 / (step["bpm"] * TICKS) for step in steps)
