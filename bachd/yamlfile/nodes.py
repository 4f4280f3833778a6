"""The nodes of a YAML text, each of which knows its line, and how they are kept without being parsed again.

Law: what `grown` makes of what `plain` gave is the same tree. PyYAML is not imported for it: that takes a tenth of the
time from the start of the process to the first note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as it was written."""

    line: int
    text: str
    plain: bool
    """Whether it stands without quotes."""

    @property
    def null(self) -> bool:
        """Whether nothing is said: an empty value, `null` or `~`."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class List:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; a key may come twice."""

    line: int
    pairs: tuple[tuple[Scalar, Node], ...]


Node: TypeAlias = "Scalar | List | Mapping"


class MalformedError(Exception):
    """The text is no YAML, or more of it than is understood here."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}..."


def plain(node: Node) -> dict[str, Any]:
    """A tree as JSON can have it."""
    if isinstance(node, Scalar):
        return {"line": node.line, "text": node.text, "plain": node.plain}
    if isinstance(node, List):
        return {"line": node.line, "items": [plain(item) for item in node.items]}
    return {"line": node.line, "pairs": [[plain(key), plain(value)] for key, value in node.pairs]}


def grown(data: Any) -> Node:
    """The tree again. Raises TypeError or LookupError for anything else than `plain` gives."""
    if "items" in data:
        return List(data["line"], tuple([grown(item) for item in data["items"]]))
    if "pairs" in data:
        return Mapping(data["line"], tuple([(_scalar(pair[0]), grown(pair[1])) for pair in data["pairs"]]))
    return _scalar(data)


def _scalar(data: Any) -> Scalar:
    return Scalar(data["line"], data["text"], plain=data["plain"])
