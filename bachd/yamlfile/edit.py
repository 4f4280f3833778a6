"""Change one value of a YAML text and nothing else: comments, order, quotes and line ends stay as they were.

Law: the result differs from the text only in the value, or by one line for a key that was not there.

It edits what parse.py reads: mappings in mappings, block or flow. The caller validates the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from bachd.yamlfile import parse
from bachd.yamlfile.nodes import List, Mapping, Node, Scalar

Plain: TypeAlias = "str | float | bool | None"
"""An int, too."""

_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+-]+)*")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


class Written(str):
    """A value that is YAML already, on one line."""

    __slots__ = ()


class UneditableError(Exception):
    """The text is built in a way that a value cannot be put into."""


def put(text: str, path: str, value: Plain | Sequence[Plain]) -> str:
    """Return the text with `value` at `path`, such as 'seed.piece'. Raises UneditableError and MalformedError."""
    *sections, key = path.split(".")
    mapping, written = parse.read(text), write(value)
    for depth, section in enumerate(sections):
        inner = _find(mapping, section)
        if inner is None or _is_null(inner):
            for below in reversed([*sections[depth + 1 :], key]):
                written = f"{{{below}: {written}}}"
            return _put(text, mapping, section, written)
        mapping = inner
    return _put(text, mapping, key, written)


def get(text: str, path: str) -> Plain | list[Plain]:
    """Return the value at `path`, as `put` takes it; None if there is none.

    Raises UneditableError and MalformedError.
    """
    node: Node | None = parse.read(text)
    for key in path.split("."):
        node = _find(node, key)
    if isinstance(node, List):
        return [_value(item) for item in node.items]
    return None if node is None else _value(node)


def write(value: Any) -> str:
    """Return a value as YAML, on one line. Raises UneditableError for a mapping."""
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(write, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value == value // 1 and abs(value) < 1e15 else repr(value)
    if not isinstance(value, str):
        raise UneditableError("a mapping is not a value")
    if _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if value.isprintable():
        return f"'{value.replace(chr(39), 2 * chr(39))}'"
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in value) + '"'


def _put(text: str, mapping: Node, key: str, written: str) -> str:
    if _is_null(mapping):
        start, end = mapping.span.start, mapping.span.end
        line = f"{key}: {written}"
        return text[:start] + line + text[end:] if start < end else _with_line(text, len(text), line)
    if not isinstance(mapping, Mapping):
        raise UneditableError("its keys are not a mapping")
    old = _find(mapping, key)
    if old is not None:
        start, end = old.span.start, old.span.end
        space = " " if start == end and not text[start - 1].isspace() else ""  # an empty value begins at its colon
        return text[:start] + space + written + text[end:]
    if mapping.column < 0:
        inside = mapping.span.start + 1
        return text[:inside] + f"{key}: {written}" + (", " if mapping.pairs else "") + text[inside:]
    end = text.find("\n", mapping.span.end)
    return _with_line(text, len(text) if end < 0 else end + 1, f"{' ' * mapping.column}{key}: {written}")


def _with_line(text: str, index: int, line: str) -> str:
    """Insert a line at an index, with the line ends that the text has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[:index]
    return before + (newline if before and not before.endswith("\n") else "") + line + newline + text[index:]


def _find(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, Mapping):
        return None
    return next((value for name, value in node.pairs if name.text == key), None)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.null


def _value(node: Node) -> Plain:
    """Return a single value as JSON would have it. A text in quotes stays a text."""
    if not isinstance(node, Scalar):
        raise UneditableError("a mapping or a list stands where a single value should")
    if node.null:
        return None
    if not node.plain:
        return node.text
    return plain(node.text)


def plain(text: str) -> Plain:
    """Return what a value without quotes means, as JSON would have it."""
    if text in ("", "~") or text.lower() == "null":
        return None
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    try:
        number = float(text)
    except ValueError:
        return text
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else number
