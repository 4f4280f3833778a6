"""Parse YAML text into a small tree of nodes with lines and spans.

Law: any text gives a tree or one `MalformedError`, in time and memory proportional to its length.

Values stay text: what YAML 1.1 makes of `no`, `010` or `1:30` is not what people mean. Only single values, lists and
mappings are understood; aliases, merge keys, tags and a second document are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from bachd.yamlfile.explain import GLUED_COMMENT, explained
from bachd.yamlfile.nodes import EMPTY, List, MalformedError, Mapping, Node, Scalar, Span

_DEEPEST: Final = 6
_MOST_NODES: Final = 2000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(text: str) -> Node:
    """Return the tree of a text; an empty text is a null. Raises MalformedError."""
    if found := _UNPRINTABLE.search(text):
        raise MalformedError(text.count("\n", 0, found.start()) + 1, f"not YAML: a control character ({found[0]!r})")
    try:
        return _Reader(text).document()
    except yaml.YAMLError as error:
        raise explained(error, text) from None


class _Reader:
    """Builds the tree from the parser's events; the parser runs only as far as it is asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._nodes = 0
        self._end: Any = None  # the event that ended the last collection

    def document(self) -> Node:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return EMPTY
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
            raise MalformedError(
                line,
                f"'*{event.anchor}': anchors and aliases are not understood here; in a text, put quotes around it",
            )
        if event.tag is not None:
            raise MalformedError(line, f"{event.tag!r}: tags are not understood here; in a text, put quotes around it")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent))
            return List(line, items, self._span(event, items[-1] if items else None))
        pairs = tuple(self._pair(key, depth + 1) for key in self._until(yaml.MappingEndEvent))
        column = -1 if event.flow_style else int(event.start_mark.column)
        return Mapping(line, pairs, self._span(event, pairs[-1][1] if pairs else None), column)

    def _scalar(self, event: Any) -> Scalar:
        plain, span = bool(event.implicit[0]), self._trimmed(event.start_mark.index, event.end_mark.index)
        glued = GLUED_COMMENT.match(self._text, span.end) if plain else None
        return Scalar(_line(event), event.value, plain, glued[1].rstrip() if glued else "", span)

    def _pair(self, event: Any, depth: int) -> tuple[Scalar, Node]:
        key = self._node(event, depth)
        if not isinstance(key, Scalar):
            raise MalformedError(key.line, "a list or mapping cannot be a key")
        if key.plain and key.text == "<<":
            raise MalformedError(key.line, "'<<': merge keys are not understood here; write the keys out")
        return key, self._node(next(self._events), depth)

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event
        self._end = event

    def _span(self, event: Any, last: Node | None) -> Span:
        """Return the span of a collection whose end has just been read: in block style it ends with its last value."""
        start = event.start_mark.index
        if event.flow_style or last is None:
            return self._trimmed(start, self._end.end_mark.index)
        return Span(start, last.span.end)

    def _trimmed(self, start: int, end: int) -> Span:
        """A place without the spaces and line ends behind it, as a block of text has them."""
        return Span(start, start + len(self._text[start:end].rstrip()))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
