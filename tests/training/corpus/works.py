"""Files of music for a corpus folder."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.music import message, midifile
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus
from bachd.training.corpus.read_file import read


def put(folder: Path, name: str, seed: int, up: int = 0) -> Path:
    """Write a piece of eighths that only this seed gives, moved up by some semitones."""
    random = Random(seed)
    events = tuple(Event((60 + up + random.randint(-12, 12),), (), 12) for _ in range(64))
    file = folder / f"{name}.mid"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(midifile.write(Piece(file.stem, events, Grid())))
    return file


SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1">
  <work><work-title>Bourree</work-title></work>
  <identification><rights>CC BY 4.0, Ann</rights></identification>
  <part-list><score-part id="P1"><part-name>Cello</part-name></score-part></part-list>
  <part id="P1">{bars}</part>
</score-partwise>
"""


SIGNATURE = """<attributes><divisions>2</divisions><time><beats>2</beats><beat-type>2</beat-type></time></attributes>"""


def put_score(folder: Path, name: str, bars: list[list[tuple[str, int]]]) -> None:
    """Write a score of bars of steps and lengths in eighths."""

    def note(step: str, length: int) -> str:
        return f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>{length}</duration></note>"

    rows = [
        f'<measure number="{index}">{"" if index else SIGNATURE}{"".join(note(*one) for one in bar)}</measure>'
        for index, bar in enumerate(bars)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(SCORE.format(bars="".join(rows)))


def deadly(path: Path, name: str) -> dict[str, object]:
    """Read a file, and die of one."""
    if path.stem == "deadly":
        os._exit(1)
    return read(path, name)


def sides(found: Corpus) -> dict[str, str]:
    return {work.piece.name: work.split for work in found.works}


def with_texts(file: Path, *texts: tuple[int, str]) -> None:
    """Put meta messages at the start of the first track of a .mid file."""
    data = file.read_bytes()
    start = data.index(b"MTrk")
    metas = b"".join(b"\0" + message.meta(kind, text.encode("latin-1")).data for kind, text in texts)
    length = int.from_bytes(data[start + 4 : start + 8]) + len(metas)
    file.write_bytes(data[: start + 4] + length.to_bytes(4) + metas + data[start + 8 :])
