"""YAML text as a small tree whose every node knows its line.

Law: any text gives a tree or one `MalformedError`, in time and memory proportional to its length.

Values stay text: what YAML 1.1 would make of `no`, `010` or `1:30` is nobody's wish here. Only single values, lists and
mappings are understood; aliases, tags and a second document are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from bachd.yamlfile.nodes import List, MalformedError, Mapping, Node, Scalar

_DEEPEST: Final = 6
_MOST_NODES: Final = 2000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(text: str) -> Node:
    """The tree of a text; an empty text is a null. Raises MalformedError."""
    if found := _UNPRINTABLE.search(text):
        raise MalformedError(text.count("\n", 0, found.start()) + 1, f"not YAML: a control character ({found[0]!r})")
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be read"
        raise MalformedError(mark.line + 1 if mark else 1, f"not YAML: {problem}") from None


class _Reader:
    """Builds the tree from the parser's events; the parser runs only as far as it is asked."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Scalar(1, "", plain=True)
        root = self._node(next(self._events), 0)
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise MalformedError(_line(event), "a second document begins here; take the line '---' out")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            raise MalformedError(line, "nested too deeply" if depth > _DEEPEST else f"more than {_MOST_NODES} values")
        if isinstance(event, yaml.AliasEvent):
            raise MalformedError(line, f"'*{event.anchor}': anchors and aliases are not understood here")
        if event.tag is not None:
            raise MalformedError(line, f"{event.tag!r}: tags are not understood here; in a text, put quotes around it")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, event.value, plain=event.implicit[0])
        if isinstance(event, yaml.SequenceStartEvent):
            return List(line, tuple(self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)))
        return Mapping(line, tuple(self._pair(key, depth + 1) for key in self._until(yaml.MappingEndEvent)))

    def _pair(self, event: Any, depth: int) -> tuple[Scalar, Node]:
        key = self._node(event, depth)
        if not isinstance(key, Scalar):
            raise MalformedError(key.line, "a list or mapping cannot be a key")
        return key, self._node(next(self._events), depth)

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
