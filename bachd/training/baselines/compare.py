"""Measure the baselines: n-grams, and the LSTM of the article.

Law: all are measured on the pieces that the recipe holds out, and chosen on those it holds for choosing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bachd import atomic_file
from bachd.music.piece import Piece
from bachd.training.baselines import ngram
from bachd.training.corpus import sources
from bachd.training.corpus.model import MOST_MEASURED, Corpus, drawn
from bachd.training.fit.data.records import pack
from bachd.training.fit.data.stream import spell
from bachd.training.progress import progress
from bachd.training.recipe import Recipe

LSTM: Final = "the article's LSTM, mended"
_KEPT: Final = "lstm.json"
_MOST_COUNTED: Final = 2_000_000
"""Events in which n-grams are counted, about, which takes two minutes; their tables are full before."""

Figures = dict[str, dict[str, float]]


def tables(train: Sequence[Piece], valid: Sequence[Piece], test: Sequence[Piece]) -> Figures:
    """Return the figures of the best n-gram and of the unigram, by name; of very much music a part is counted."""
    part = drawn(train, _MOST_COUNTED)
    some = "" if len(part) == len(train) else f", counted in {len(part)} of {len(train)} pieces"
    counted = ngram.counted(map(spell, progress(part, "counting n-grams", total=len(part), unit="piece")))
    unigram = counted[-1].shortened(1)
    best = ngram.best(counted, list(map(spell, valid)))
    name = f"best n-gram (order {best.order}, {'relative' if best.relative else 'absolute'} pitch{some})"
    return {name: best.score(map(spell, test)).rounded(), "unigram": unigram.score(map(spell, test)).rounded()}


def lstm(recipe: Recipe, corpus: Corpus, work: Path) -> Figures:
    """Train the article's network, which takes minutes, and keep its figures in the run's folder `work`."""
    from bachd.training.baselines import lstm as article  # which needs the framework

    held = recipe.held_out_works(corpus)
    figures = article.measure(recipe.training_pieces(corpus), held.pieces("valid"), held.pieces("test"), recipe)
    rounded = {name: round(value, 4) for name, value in asdict(figures).items()}
    work.mkdir(parents=True, exist_ok=True)
    kept = json.dumps({"of": _of(recipe, corpus), "figures": rounded}, indent=1)
    atomic_file.replace(work / _KEPT, kept.encode())
    return {LSTM: rounded}


def kept(recipe: Recipe, corpus: Corpus, work: Path) -> Figures:
    """Return what `lstm` found before for the same recipe and pieces; empty if there is nothing."""
    try:
        told = json.loads((work / _KEPT).read_text())
    except (OSError, ValueError):
        return {}
    return {LSTM: told["figures"]} if told["of"] == _of(recipe, corpus) else {}


def run(recipe: Recipe, corpus: Corpus, work: Path) -> Figures:
    """Measure all of them, and the network of the run in `work` if it has one, by name."""
    from bachd.training.fit import run_folder
    from bachd.training.fit import train as trainer

    recipe.require(corpus)
    held = recipe.held_out_works(corpus)
    train = list({piece.name: piece for piece in recipe.training_pieces(corpus)}.values())
    valid, test = (drawn(held.pieces(split), MOST_MEASURED) for split in ("valid", "test"))
    found = tables(train, valid, test) | (kept(recipe, corpus, work) or lstm(recipe, corpus, work))
    if (work / run_folder.STATE).is_file():
        recipe = run_folder.recipe_of(work, recipe)
        run_folder.require_music(work, recipe.sides(corpus), sources.phrase_ends(corpus))
        network = trainer.trained(work, recipe)
        unplanned = pack((piece, None) for piece in test)
        found[f"{recipe.name}, float"] = trainer.measure(network, trainer.measured(unplanned)).rounded()
    return found


def as_text(figures: Figures) -> str:
    """Format a table: a line for each, a column for each figure that more than one of them has."""
    names = [name for row in figures.values() for name in row]
    columns = [name for name in dict.fromkeys(names) if names.count(name) > 1 and name != "events"]
    lines = [["", *(name.replace("_", " ") for name in columns)]]
    lines += [[name, *(f"{row[key]:.3f}" if key in row else "-" for key in columns)] for name, row in figures.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def _of(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    """Return what decides what the LSTM learns and is measured on, as JSON values."""
    held = recipe.held_out_works(corpus)
    pieces = {split: [piece.name for piece in held.pieces(split)] for split in ("valid", "test")}
    heard = [[piece.name, len(piece.events)] for piece in recipe.training_pieces(corpus)]
    return {"heard": heard, **pieces, "transpose": list(recipe.transpose), "rng": recipe.rng}
