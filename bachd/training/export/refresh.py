"""Write a bundle's seeds, form and sampling anew, as its recipe and corpus have them today, with the graphs it has.

Law: nothing is trained; a bundle is written aside, checked by opening it, and only then takes the place of the old one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from bachd import atomic_file
from bachd.music import keys, midifile, pitch
from bachd.music.form import habits_json
from bachd.music.piece import Piece
from bachd.neural.bundle import bundle
from bachd.training.corpus import habits, sources
from bachd.training.corpus.model import Corpus, Work, drawn
from bachd.training.export import attribution
from bachd.training.recipe import FILE, Recipe

MOST_COUNTED: Final = 200_000
"""Events in which a bundle's habits are counted, and among which the graphs' ranges are sought, about."""


def refresh(recipe: Recipe, recipe_text: bytes, corpus: Corpus, target: Path) -> dict[str, Any]:
    """Write the seeds, the form and the sampling of the bundle `target` anew; returns the card. Raises ModelError."""
    card: dict[str, Any] = json.loads((target / "card.json").read_text())
    names = {piece.name for piece in recipe.training_pieces(corpus)}
    heard = [work for work in corpus.works if work.piece.name in names]
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as aside:
        made = Path(aside) / target.name
        shutil.copytree(target, made, ignore=shutil.ignore_patterns("seeds"))
        (made / "seeds").mkdir()
        (made / FILE).write_bytes(recipe_text)
        card["program"] = recipe.program
        parts = {
            "sampling": sampling(recipe),
            "form": form(recipe, corpus, heard),
            "seeds": write_seeds(seeds(recipe, corpus, heard), made / "seeds"),
        }
        card = {name: value for name, value in card.items() if name not in parts}
        order = list(card)
        place = order.index("range") + 1
        kept, rest = order[:place], order[place:]
        card = {
            **{name: card[name] for name in kept},
            "sampling": parts["sampling"],
            "form": parts["form"],
            **{name: card[name] for name in rest if name != "files"},
            "seeds": parts["seeds"],
            "files": checksums(made),
        }
        (made / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
        bundle.Bundle.open(made)
        replace_folder(made, target)
        atomic_file.replace(target.parent / attribution.LICENCES, attribution.licences(target.parent).encode())
    return card


def sampling(recipe: Recipe) -> dict[str, float]:
    """What a card says of sampling; what is as for notes is left out."""
    return {name: value for name, value in asdict(recipe.sampling).items() if value is not None}


def form(recipe: Recipe, corpus: Corpus, heard: Sequence[Work]) -> dict[str, Any]:
    """What a card says of the form of pieces: counts of the works it learned from, and shares of its recipe."""
    pieces = list({work.piece.name: work.piece for work in heard}.values())
    counted = habits.count(drawn(pieces, MOST_COUNTED), sources.phrase_ends(corpus))
    return habits_json.to_json(counted) | dict(recipe.form)


def seeds(recipe: Recipe, corpus: Corpus, heard: Sequence[Work]) -> dict[str, Work]:
    """The seed works of a bundle by their names in it."""
    held = recipe.held_out_works(corpus)
    held_out = (work for work in held.works if work.split != "train")
    return attribution.seeds(replace(held, works=(*heard, *held_out)), recipe.seeds)


def write_seeds(found: Mapping[str, Work], folder: Path) -> dict[str, dict[str, str]]:
    """Write seed works as .mid files; returns what a card says of them."""
    card = {}
    for name, work in found.items():
        (folder / f"{name}.mid").write_bytes(midifile.write(work.piece))
        shown = work.title or name.replace("bwv", "BWV ")
        metre = str(work.piece.grid.changes[0][1])
        card[name] = {
            "file": f"seeds/{name}.mid",
            "title": f"{shown}, {metre}",
            "key": key_name(work.piece),
            "metre": metre,
        }
        if work.credit:
            card[name]["credit"] = work.credit
    return card


def key_name(piece: Piece) -> str:
    """The key of a piece in words, such as 'G major'."""
    home = keys.home(piece.events)
    return f"{pitch.name(home.tonic + 60)[:-1]} {'minor' if home.minor else 'major'}"


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of each file of a bundle but its card, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in ("card.json", "aims.yaml"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def replace_folder(made: Path, target: Path) -> None:
    """Put the new folder where the old one is; a rename, so that nobody ever finds half a bundle."""
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)
