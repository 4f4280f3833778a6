"""A bundle whose graphs are only bytes: what its card vouches for is all that is looked at."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bachd.errors import ModelError
from bachd.music import midifile
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle.bundle import Bundle

CHORALE = Piece("bwv1", parse_line("C4.E4 D4.F4 E4.G4 C4.E4"), Grid())


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def a_card(files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "format": 1,
        "name": "tiny",
        "fingerprint": features.FINGERPRINT,
        "context": features.CONTEXT,
        "files": {name: checksum(content) for name, content in files.items()},
        "seeds": {"bwv1": {"file": "seeds/bwv1.mid", "title": "A chorale"}},
        "range": [36, 81],
    }


FILES = {"trunk.tflite": b"a trunk", "head.tflite": b"a head", "seeds/bwv1.mid": midifile.write(CHORALE)}


def write_card(folder: Path, card: object) -> None:
    (folder / "card.json").write_text(json.dumps(card))


def complaint(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Bundle.open(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(folder))
    return text.removeprefix(f"{folder}/")
