"""Define the nodes of a YAML text, with their lines and spans, and convert them to JSON.

Law: `from_json(to_json(node)) == node`. Neither needs PyYAML, whose import would take a tenth of the time from the
start of the process to the first note.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Span:
    """Position of a value in its text."""

    start: int = 0
    """Index of its first character."""
    end: int = 0
    """Index behind its last character that is no space or line end."""


_NOWHERE: Final = Span()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as it was written."""

    line: int
    text: str
    plain: bool
    """Whether it stands without quotes."""
    cut: str = ""
    """What follows a plain value as ' #2' does: a comment to YAML, perhaps a part of the value to who wrote it."""
    span: Span = field(default=_NOWHERE, compare=False)

    @property
    def null(self) -> bool:
        """Whether it is an empty value, `null` or `~`."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class List:
    """A list."""

    line: int
    items: tuple[Node, ...]
    span: Span = field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; a key may come twice."""

    line: int
    pairs: tuple[tuple[Scalar, Node], ...]
    span: Span = field(default=_NOWHERE, compare=False)
    column: int = field(default=0, compare=False)
    """Spaces before the keys; -1 where the mapping is written in braces."""


Node: TypeAlias = "Scalar | List | Mapping"

EMPTY: Final = Scalar(1, "", plain=True)
"""The tree of an empty text."""


class MalformedError(Exception):
    """The text is not YAML, or uses more of YAML than is understood here."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}..."


def to_json(node: Node) -> dict[str, Any]:
    """Return a tree as JSON can hold it, without the places in the text."""
    if isinstance(node, Scalar):
        return {"line": node.line, "text": node.text, "plain": node.plain, "cut": node.cut}
    if isinstance(node, List):
        return {"line": node.line, "items": [to_json(item) for item in node.items]}
    return {"line": node.line, "pairs": [[to_json(key), to_json(value)] for key, value in node.pairs]}


def from_json(data: Any) -> Node:
    """Return the tree again. Raises TypeError or LookupError for anything that `to_json` does not give."""
    if "items" in data:
        return List(data["line"], tuple([from_json(item) for item in data["items"]]))
    if "pairs" in data:
        return Mapping(data["line"], tuple([(_scalar(pair[0]), from_json(pair[1])) for pair in data["pairs"]]))
    return _scalar(data)


def _scalar(data: Any) -> Scalar:
    return Scalar(data["line"], data["text"], plain=data["plain"], cut=data.get("cut", ""))
