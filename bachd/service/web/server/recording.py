"""What was played, kept so that somebody can say afterwards: keep that.

Law: the journal takes no more than its share of the disk however long bachd plays, and a full disk ends only the
journal. A line that was cut off by a crash is left out.

It is a file of the steps as the feed tells them, a line of JSON each, and the same before it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bachd.midi.file import FileOutput
from bachd.music.message import marker, note_off, note_on, set_tempo, time_signature
from bachd.realtime.output import TimedMessage

log = logging.getLogger("bachd")

SHARE: Final = 8 << 20
"""Bytes in each of the two files: together they hold some eight hours of chorales."""


class Journal:
    """The steps of a run, the latest of them."""

    def __init__(self, folder: Path, run: str) -> None:
        """Goes on with the journal in `folder` if it is of the same `run`, and begins a new one otherwise."""
        self._file, self._before, mark = folder / "played", folder / "played.before", folder / "played.run"
        self._works = True
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not mark.exists() or mark.read_text() != run:
                for path in (self._file, self._before):
                    path.unlink(missing_ok=True)
                mark.write_text(run)
        except OSError as fault:
            self._fail(fault)

    def add(self, step: dict[str, Any]) -> None:
        """Write a step down."""
        if not self._works:
            return
        try:
            with self._file.open("a") as file:
                file.write(json.dumps(step, separators=(",", ":")) + "\n")
                full = file.tell() >= SHARE
            if full:
                self._file.replace(self._before)
        except OSError as fault:
            self._fail(fault)

    def steps(self, bars: int | None = None) -> list[dict[str, Any]]:
        """The last so many bars, begun from a bar line, or all that is there."""
        found: list[dict[str, Any]] = []
        for path in (self._before, self._file):
            try:
                lines = path.read_text(errors="replace").splitlines()
            except OSError:
                continue
            for line in lines:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
        return found if bars is None else _last(found, bars)

    def _fail(self, fault: OSError) -> None:
        self._works = False
        log.warning("what is played is not kept any more: %s", fault)


def _last(steps: Sequence[dict[str, Any]], bars: int) -> list[dict[str, Any]]:
    """The end of the music from the bar line on that has so many before the end; the present bar counts."""
    begun, bar = 0, None
    for index in range(len(steps) - 1, -1, -1):
        here = (steps[index]["piece"], steps[index]["bar"])
        if here != bar:
            begun, bar = begun + 1, here
        if begun > bars:
            return list(steps[index + 1 :])
    return list(steps)


def score(steps: Iterable[dict[str, Any]]) -> bytes:
    """A .mid of steps, at their places in the music."""
    with TemporaryDirectory(prefix="bachd-") as folder:
        path = Path(folder, "kept.mid")
        output = FileOutput(path)
        tick = 0
        sounding: dict[int, int] = {}  # the notes that sound -> their channels, 0 to 15
        metre = bpm = piece = None
        expected: int | None = None
        for step in steps:
            begins = {note: (velocity, channel - 1) for note, velocity, channel in step["starts"]}
            # After a gap, nothing is held: nobody knows what came in between.
            held = [note for note in step["held"] if note in sounding] if step["n"] == expected else []
            messages = [note_off(sounding.pop(note), note) for note in tuple(sounding) if note not in held]
            if metre != (metre := step["metre"]):
                messages.append(time_signature(metre[0], metre[1]))
            if bpm != (bpm := step["bpm"]):
                messages.append(set_tempo(bpm))
            if piece != (piece := step["piece"]) or step["opens"]:
                messages.append(marker(piece))
            for note, (velocity, channel) in begins.items():
                sounding[note] = channel
                messages.append(note_on(channel, note, velocity))
            output.send([TimedMessage(0.0, tick, message) for message in messages])
            tick += step["ticks"]
            expected = step["n"] + 1
        output.send([TimedMessage(0.0, tick, note_off(channel, note)) for note, channel in sounding.items()])
        output.close()
        return path.read_bytes() if path.exists() else b""
