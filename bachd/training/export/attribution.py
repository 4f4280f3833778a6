"""Which pieces a bundle brings to start from, and who is to be named for them and for all it learned from.

Law: nothing is shipped without the name of who made it and the licence it is under.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bachd.errors import UsageError
from bachd.training.corpus.model import Corpus, Work
from bachd.training.recipe import Seeds

FILE: Final = "CREDITS.txt"
"""In a bundle: a line for each piece it learned from, where the corpus credits them one by one."""
LICENCES: Final = "LICENSES.md"
_SHARE_ALIKE: Final = re.compile(r"share-?alike|\bby-sa\b", re.IGNORECASE)
_FREE: Final = re.compile(r"public domain|\bcc0\b", re.IGNORECASE)


def seeds(corpus: Corpus, wanted: Seeds) -> dict[str, Work]:
    """The works to start from, by the names they get in the bundle, in the order of these.

    First come those that the recipe names; then held-out ones, one of each group in turn. Raises UsageError when none
    may be taken.
    """
    known = {work.piece.name: work for work in corpus.works}
    if missing := [name for name in wanted.first if name not in known]:
        raise UsageError(f"seeds.first: corpus {corpus.name} has no {missing[0]} in the folders that are trained on")
    held_out = sorted((work for work in corpus.works if work.split != "train"), key=lambda work: work.piece.name)
    turns: dict[str, int] = {}
    order = []
    for work in [*(known[name] for name in wanted.first), *held_out]:
        turns[work.group] = turns.get(work.group, -1) + 1
        order.append((work.piece.name not in wanted.first, turns[work.group], work.piece.name))
    chosen = [known[name] for _, _, name in sorted(set(order))]
    if wanted.public_domain_only:
        chosen = [work for work in chosen if _FREE.search(work.credit)]
    if not chosen:
        raise UsageError("no piece may be a seed; name some in seeds.first, or set seeds.public_domain_only to false")
    return dict(sorted((_short(work, known), work) for work in chosen[: wanted.count]))


def _short(work: Work, known: Mapping[str, Work]) -> str:
    """A seed's name: without its folder, if no other piece is called that."""
    last = work.piece.name.rpartition("/")[2]
    alone = sum(name.rpartition("/")[2] == last for name in known) == 1
    return last if alone else work.piece.name.replace("/", "-")


def licence(works: Iterable[Work]) -> str:
    """What a bundle that learned from some works is published under."""
    told = [work.credit for work in works]
    if any(map(_SHARE_ALIKE.search, told)):
        return (
            "CC BY-SA 4.0 (graphs and card), because some of the encodings it learned from are shared under CC BY-SA; "
            "a seed stays under the licence that its credit names"
        )
    if any(told):
        return "MIT (graphs and card); a seed is under the licence that its credit names"
    return "MIT (graphs and card); the music is in the public domain, its encodings see data.credit"


def lines(works: Iterable[Work]) -> str:
    """A line for each work that has a credit of its own."""
    return "".join(f"{work.piece.name}: {work.credit}\n" for work in works if work.credit)


def licences(models: Path) -> str:
    """What LICENSES.md says of all bundles in a folder, out of their cards."""
    parts = [
        "# Licences of the bundles\n\nWritten by `bachd-train export` from the cards; bachd itself is under the MIT "
        "licence.\n"
    ]
    for path in sorted(models.glob("*/card.json")):
        card = json.loads(path.read_text())
        parts.append("\n".join(_bundle(card)) + "\n")
    return "\n".join(parts)


def _bundle(card: Mapping[str, Any]) -> list[str]:
    said = [f"## {card['name']}", "", f"{card['description']}.", "", f"- Licence: {card['licence']}."]
    said.append(f"- Learned from: {card['data']['credit']}")
    if FILE in card["files"]:
        said.append(f"- Piece by piece: [{card['name']}/{FILE}]({card['name']}/{FILE})")
    credited = {name: seed["credit"] for name, seed in card["seeds"].items() if seed.get("credit")}
    rest = len(card["seeds"]) - len(credited)
    if rest:
        said.append(f"- Seeds: {rest} of the pieces it learned from or was tested with, credited as these are.")
    return said + [f"- Seed {name}: {credit}" for name, credit in credited.items()]
