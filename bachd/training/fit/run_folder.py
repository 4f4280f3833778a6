"""Keep a run's folder to one recipe.

Law: what decides what a run learns stands in its folder, and another recipe is refused with what differs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from bachd.errors import UsageError
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.training import disk
from bachd.training.corpus.model import digest
from bachd.training.old_names import RENAMED
from bachd.training.recipe import FILE, Recipe

_RECIPE: Final = "recipe.json"
STATE: Final = "state.npz"
"""Name of the file in the folder of a run that keeps its weights."""
_PIECES: Final = "{}-pieces.json"
_PURPOSE: Final = {"train": "train on", "valid": "choose by"}
_OF_THE_BUNDLE: Final = ("sampling", "name", "description", "program", "corpus", "seeds", "harmony")
"""Keys of a recipe that do not decide what is learned."""


def recipe_of(folder: Path, recipe: Recipe) -> Recipe:
    """Return the recipe with the epochs that the run in `folder` was started with.

    Raises UsageError when there is no such run, or when it differs from the recipe in anything else.
    """
    told = _recipe_in(folder)
    if told is None or not (folder / STATE).is_file():
        why = "a run of an older version of bachd" if (folder / "state").is_dir() else "no trained network"
        raise UsageError(f"{folder} holds {why}; run 'bachd-train fit' first")
    recipe = replace(recipe, epochs=int(told["epochs"]))
    if different := _differences(told, recipe):
        raise UsageError(
            f"{folder} was trained with another recipe ({different}); write that into {FILE}, or train again"
        )
    return recipe


def claim(folder: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's own, or refuse to mix two runs."""
    told = _recipe_in(folder)
    if told is None:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(folder / _RECIPE, json.dumps(_decisive(recipe), indent=2))
    elif different := _differences(told, recipe):
        why = ""
        if "epochs" in different:
            why = "; a run cannot be lengthened, for its learning rate falls towards its end"
        raise UsageError(
            f"{folder} holds a run with another recipe ({different}){why}; remove it, or choose another with --work"
        )


def claim_music(folder: Path, side: str, pieces: Sequence[Piece], ends: Mapping[str, Sequence[int]]) -> str:
    """Make a run one of these pieces, and return their digest. Raises UsageError if the run had others before.

    side: 'train' or 'valid'. ends: by name, the ticks at which phrases end, for the pieces of which that is known.
    """
    now = _digests(pieces, ends)
    before = _pieces_in(folder, side)
    if before is None:
        _write_whole(folder / _PIECES.format(side), json.dumps(now))
    _require_same(folder, side, before, now)
    return hashlib.sha256(json.dumps(list(now.items())).encode()).hexdigest()


def require_music(folder: Path, sides: Mapping[str, Sequence[Piece]], ends: Mapping[str, Sequence[int]]) -> None:
    """Raise UsageError if the run in `folder` had other pieces than these. Arguments as those of `claim_music`."""
    for side, pieces in sides.items():
        _require_same(folder, side, _pieces_in(folder, side), _digests(pieces, ends))


def _digests(pieces: Sequence[Piece], ends: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Return the digest of each piece by its name."""
    return {piece.name: digest(piece, ends.get(piece.name, ())) for piece in pieces}


def _pieces_in(folder: Path, side: str) -> dict[str, str] | None:
    """Return the digests of the pieces that a run has had; None if that is not known."""
    try:
        before = json.loads((folder / _PIECES.format(side)).read_text())
    except (OSError, ValueError):
        return None
    return before if isinstance(before, dict) else None


def _require_same(folder: Path, side: str, before: dict[str, str] | None, now: dict[str, str]) -> None:
    """Raise UsageError, with what differs, if a run had other pieces than it has now."""
    if before is not None and before != now:
        kinds = {
            "new": now.keys() - before.keys(),
            "gone": before.keys() - now.keys(),
            "changed": {name for name in now.keys() & before.keys() if now[name] != before[name]},
        }
        said = ", ".join(f"{len(names)} {kind} ({min(names)})" for kind, names in kinds.items() if names)
        raise UsageError(
            f"the corpus has changed since the run in {folder} began, pieces to {_PURPOSE[side]}: {said}; give it the "
            "corpus that it had, or choose another folder with --work"
        )


def _write_whole(file: Path, text: str) -> None:
    """Write a file that another worker, which writes the same, may read or replace at any moment. Raises DiskError."""
    with disk.writing(file, "make room, and give the same command again"):
        with NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", delete=False) as aside:
            try:
                aside.write(text)
                aside.flush()
            except BaseException:
                Path(aside.name).unlink()
                raise
        Path(aside.name).replace(file)


def _recipe_in(folder: Path) -> dict[str, Any] | None:
    """Return what decided the run in `folder`, under today's names; None if there is no run. Raises UsageError."""
    file = folder / _RECIPE
    if not file.exists():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("epochs"), int):
        raise UsageError(f"{file} is damaged; remove {folder}, or choose another folder with --work")
    return {RENAMED.get(str(key), str(key)): value for key, value in told.items()}


def _differences(told: dict[str, Any], recipe: Recipe) -> str:
    """Describe how a run differs from a recipe; '' if it does not."""
    usual = _decisive(Recipe())
    wanted = _decisive(recipe)
    return ", ".join(
        f"{key}: {was} there, {wanted[key]} here" for key in wanted if (was := told.get(key, usual[key])) != wanted[key]
    )


def _decisive(recipe: Recipe) -> dict[str, Any]:
    """Return the keys that decide what a run learns, as JSON values."""
    said = {key: value for key, value in asdict(recipe).items() if key not in _OF_THE_BUNDLE}
    return dict(json.loads(json.dumps({"features": features.FINGERPRINT, **said})))
