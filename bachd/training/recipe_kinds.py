"""The kinds of values that only a recipe has."""

from __future__ import annotations

import re
from typing import Any, Final

from bachd.neural import features
from bachd.neural.bundle.card import CARD_LIMITS, SamplingDefaults
from bachd.yamlfile.fields import Section
from bachd.yamlfile.kinds import Kind

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


def bundle_name() -> Kind:
    """Return a name that a folder can have."""

    def read(section: Section, name: str, default: Any) -> Any:
        given = section.text(name, default)
        if not _NAME.fullmatch(given):
            section.fault(name, f"{given!r} is not a name for a folder; use small letters, digits, '-' and '_'")
        return given

    return Kind(read)


def counts() -> Kind:
    """Return how often each of some folders counts; their names are free, but none may come twice."""

    def read(section: Section, name: str, default: Any) -> Any:
        folders = section.keys_below(name)
        below = section.section(name, folders)
        return {folder: below.whole(folder, 1, 100, 1) for folder in folders}

    return Kind(read)


def hidden() -> Kind:
    """Return a width that is not that of the notes."""

    def read(section: Section, name: str, default: Any) -> Any:
        hidden = section.whole(name, 1, 4096, default)
        if hidden == features.NOTES:
            section.fault(
                name, f"{hidden} is the width of the notes, and the head distinguishes its inputs by their widths"
            )
        return hidden

    return Kind(read, (1, 4096))


def dilations() -> Kind:
    """Return dilations that see the whole context together."""

    def read(section: Section, name: str, default: Any) -> Any:
        dilations = section.wholes(name, 1, features.CONTEXT - 1, default)
        if sum(dilations) != features.CONTEXT - 1:
            what = f"they add up to {sum(dilations)} and must to {features.CONTEXT - 1}, to see the context"
            section.fault(name, what)
        return dilations

    return Kind(read, (1, features.CONTEXT - 1))


def transpose() -> Kind:
    """Return how far down and how far up."""

    def read(section: Section, name: str, default: Any) -> Any:
        ends = section.wholes(name, -24, 24, default)
        if len(ends) != 2 or not ends[0] <= 0 <= ends[-1]:
            section.fault(name, "write how far down and how far up, 0 between them: [-5, 6]")
            return default
        return ends[0], ends[1]

    return Kind(read, (-24, 24))


def sampling() -> Kind:
    """Return how a bundle is drawn from, which has keys of its own."""

    def read(section: Section, name: str, default: Any) -> Any:
        below = section.section(name, list(CARD_LIMITS))
        found = {key: below.number(key, *ends, getattr(default, key)) for key, ends in CARD_LIMITS.items()}
        return SamplingDefaults(**found)

    return Kind(read)


def shares(*names: str) -> Kind:
    """Return shares, 0 to 1, by some names; what is missing is left out."""

    def read(section: Section, name: str, default: Any) -> Any:
        below = section.section(name, names)
        found = {each: below.number(each, 0, 1, None) for each in names}
        return {each: share for each, share in found.items() if share is not None} or default

    return Kind(read)
