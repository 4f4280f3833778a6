"""What must hold for any config.yaml and any seed piece.

Law: it is used, or it is refused in lines that people can act on; anything else is a fault of bachd's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from bachd import configfile
from bachd.config import Config, Sampling, Seed
from bachd.errors import ConfigError, SeedError
from bachd.music import smf
from bachd.service.render import render

_BARS: Final = 8
"""Bars that are composed after those of the seed: some fifty events, in most metres."""


def config_holds(data: bytes, folder: Path) -> bool:
    """Read a config.yaml with these contents; whether it is accepted."""
    path = folder / "config.yaml"
    path.write_bytes(data)
    try:
        configfile.load(path)
    except ConfigError as fault:
        lines = str(fault).split("\n")
    else:
        return True
    assert all(re.fullmatch(rf"{re.escape(str(path))}(:\d+)?: .+", line) for line in lines), lines
    assert all(map(str.isprintable, lines)), lines  # a terminal must not obey what stands in a file
    return False


def score_holds(data: bytes, folder: Path) -> bool:
    """Play a .mid file with these contents, and what grows from it, into another file; whether it is accepted."""
    seed, out = folder / "seed.mid", folder / "out.mid"
    seed.write_bytes(data)
    out.unlink(missing_ok=True)
    try:
        render(_settings(str(seed)), out, _BARS, rng=len(data))
    except SeedError as fault:
        told = str(fault)
    else:
        _nothing_hangs(out)
        return True
    assert told.isprintable(), told
    return False


def _nothing_hangs(path: Path) -> None:
    sounding = set()
    for _, _, message in smf.parse(path.read_bytes()).messages:
        if message.type == "note_on":
            assert message.note not in sounding, f"{message} while it sounds"
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding, f"{sounding} are left hanging"


@cache
def _settings(seed: str) -> Config:
    return Config(device="cpu", seed=Seed(piece=seed), sampling=Sampling(lookahead=1))


HOLDS: Final[dict[str, Callable[[bytes, Path], bool]]] = {"config": config_holds, "score": score_holds}
"""What must hold, by the kind of the file."""
