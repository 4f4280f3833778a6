"""Take a favourite from the command line, and describe those that are kept.

Law: what a favourite has decided cannot be decided otherwise beside it: such an option is refused, not ignored.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bachd.errors import UsageError
from bachd.printable import printable

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.service.pieces.favourite import Favourite
    from bachd.service.pieces.favourites import Kept

_OF_RENDER: Final = {"verb", "out", "output", "favourite"}
"""What `render` takes beside a favourite, which decides everything else."""
_NAMES: Final = {"melody": "--with", "bars": "--bars", "config": "--config", "preset": "--preset"}


def first(options: argparse.Namespace) -> Sequence[Step]:
    """The steps of the favourite that a run begins with; none if none is wanted. Raises UsageError."""
    if options.favourite is None:
        return ()
    if "seed.piece" in options:
        raise UsageError("--piece does not go with --favourite, which is the first piece; leave out one of them")
    return _found(options).steps


def rendered(options: argparse.Namespace) -> Favourite | None:
    """The favourite that is to be rendered; None if none is wanted. Raises UsageError."""
    if options.favourite is None:
        return None
    from bachd.commands.setting_options import option

    given = [name for name, value in vars(options).items() if name not in _OF_RENDER and value is not None]
    if given:
        names = [_NAMES.get(name) or option(name) for name in given]
        goes = "do" if len(names) > 1 else "does"
        raise UsageError(
            f"{' and '.join(names)} {goes} not go with --favourite: a favourite is rendered as it was played"
        )
    return _found(options)


def listed(found: Sequence[Kept]) -> list[str]:
    """A line for each favourite: number, time, title and model."""
    from bachd.service.pieces import favourite, titles

    lines = []
    for each in found:
        try:
            model = favourite.parse(each["favourite"]).model
        except UsageError as fault:
            model = str(fault)
        when = each["kept"][:16].replace("T", " ")
        lines.append(printable(f"{each['number']:>3}  {when}  {titles.full(each['piece'])}, {model}"))
    return lines


def _found(options: argparse.Namespace) -> Favourite:
    from bachd.service.pieces import favourites as kept

    return kept.find(options.favourite)
