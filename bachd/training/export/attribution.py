"""Choose the pieces that a bundle brings to start from, and credit whoever made them and all it learned from.

Law: nothing is shipped without the name of who made it and the licence it is under, as far as anybody has said; where
nobody has, it says so, and claims neither a licence nor the public domain.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bachd.errors import UsageError
from bachd.music import keys
from bachd.music.form import phrases
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, Work
from bachd.training.recipe import Seeds

FILE: Final = "CREDITS.txt"
"""In a bundle: a line for each piece it learned from, where the corpus credits them one by one."""
LICENCES: Final = "LICENSES.md"
_MOST_LINES: Final = 1000
"""Works that are credited one by one: 100 KB."""
_OPENING: Final = 4
"""Bars of a seed that are played, about."""
_SHARE_ALIKE: Final = re.compile(r"share[- ]?alike|\bby(-nc)?-sa\b", re.IGNORECASE)
_FREE: Final = re.compile(r"(?<!not in the )public[- ]domain|\bcc0\b|\bcc[- ]zero\b", re.IGNORECASE)
_ATTRIBUTED: Final = re.compile(
    r"\bcc[- ]by\b|creative commons attribution|creativecommons\.org/licenses/by|\bmit licen[cs]e", re.IGNORECASE
)
_RESTRICTED: Final = re.compile(r"non-?commercial|no-?deriv|\bby-nc|\bby-nd|-nd\b|all rights reserved", re.IGNORECASE)


def seeds(corpus: Corpus, wanted: Seeds) -> dict[str, Work]:
    """The works to start from, by the names they get in the bundle, in the order of these.

    First come those that the recipe names; then held-out ones, those that begin at home before those that do not, and
    one of each group in turn. Raises UsageError when none may be taken.
    """
    known = {work.piece.name: work for work in corpus.works}
    if missing := [name for name in wanted.first if name not in known]:
        raise UsageError(f"seeds.first: corpus {corpus.name} has no {missing[0]} in the folders that are trained on")
    held_out = sorted(
        (work for work in corpus.works if work.split != "train" and work.piece.name not in wanted.first),
        key=lambda work: work.piece.name,
    )
    turns: dict[str, int] = {}
    order = []
    for work in [*(known[name] for name in wanted.first), *held_out]:
        turns[work.group] = turns.get(work.group, -1) + 1
        named = work.piece.name in wanted.first
        order.append((not named, not named and not _begins_at_home(work.piece), turns[work.group], work.piece.name))
    chosen = [known[name] for *_, name in sorted(set(order))]
    if wanted.public_domain_only:
        chosen = [work for work in chosen if _is_free(work.credit)]
    if not chosen:
        raise UsageError("no piece may be a seed; name some in seeds.first, or set seeds.public_domain_only to false")
    return dict(sorted((_short(work, known), work) for work in chosen[: wanted.count]))


def _begins_at_home(piece: Piece) -> bool:
    """Whether the opening is in the key of the whole piece: what grows from it ends there, and should sound like it."""
    opening, _ = phrases.opening(piece, _OPENING)
    return keys.estimate(keys.weights(opening)).tonic == keys.home(piece.events).tonic


def _short(work: Work, known: Mapping[str, Work]) -> str:
    """A seed's name: without its folder, if no other piece is called that."""
    last = work.piece.name.rpartition("/")[2]
    alone = sum(name.rpartition("/")[2] == last for name in known) == 1
    return last if alone else work.piece.name.replace("/", "-")


def _is_free(credit: str) -> bool:
    return bool(_FREE.search(credit)) and not (_RESTRICTED.search(credit) or _SHARE_ALIKE.search(credit))


def licence(works: Iterable[Work], all_known: bool = False) -> str:
    """What a bundle that learned from some works may be published under, as far as their credits say.

    all_known: whether the corpus as a whole is known to be free, so that a work needs no credit of its own.
    """
    told = [work.credit for work in works]
    if restricted := sum(bool(_RESTRICTED.search(credit)) for credit in told):
        return f"not to be passed on before you ask: the terms of {restricted} of {len(told)} pieces forbid it"
    unknown = sum(not _is_known(credit) for credit in told)
    if unknown and not all_known:
        return (
            f"unknown: {unknown} of {len(told)} pieces name no licence that bachd knows; find out before you pass it on"
        )
    if any(map(_SHARE_ALIKE.search, told)):
        return (
            "CC BY-SA 4.0 (graphs and card), because some of the encodings it learned from are shared under CC BY-SA; "
            "a seed stays under the licence that its credit names"
        )
    if any(told):
        return "MIT (graphs and card); a seed is under the licence that its credit names"
    return "MIT (graphs and card); the music is in the public domain, its encodings see data.credit"


def _is_known(credit: str) -> bool:
    """Whether a credit names a licence that allows to pass on what was learned."""
    return any(form.search(credit) for form in (_SHARE_ALIKE, _FREE, _ATTRIBUTED))


def credit(works: Sequence[Work], of_corpus: str) -> str:
    """Whom a bundle's card credits for the works it learned from; of_corpus: what the corpus says of all its works."""
    credited = sum(bool(work.credit) for work in works)
    if not credited:
        return of_corpus or "nobody: the files that it learned from name neither who made them nor a licence"
    named = f"encodings by those whom {FILE} names piece by piece"
    if credited < len(works):
        named += f"; {len(works) - credited} of {len(works)} pieces name nobody"
    return named


def lines(works: Iterable[Work]) -> str:
    """A line for each work that has a credit of its own; of very many, one for those of a folder that share theirs."""
    credited = [work for work in works if work.credit]
    if len(credited) <= _MOST_LINES:
        return "".join(f"{work.piece.name}: {work.credit}\n" for work in credited)
    shared = Counter((work.piece.name.rpartition("/")[0], work.credit) for work in credited)
    return "".join(f"{folder or '.'}/ ({count} pieces): {credit}\n" for (folder, credit), count in shared.items())


def licences(models: Path) -> str:
    """What LICENSES.md says of all bundles in a folder, out of their cards."""
    parts = [
        "# Licences of the bundles\n\nWritten by `bachd-train export` from the cards; bachd itself is under the MIT "
        "licence.\n"
    ]
    for path in sorted(models.glob("*/card.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
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
