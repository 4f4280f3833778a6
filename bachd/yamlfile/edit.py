"""One value of a YAML text changed, and nothing else of it: comments, order, quotes and line ends stay as they were.

Law: what comes out differs from what came in only by the value, or by one line for a key that was not there.

It knows what `yamltree` reads: mappings in two levels, block or flow. Whoever uses it reads the result again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import yaml

Plain: TypeAlias = "str | float | bool | None"
"""An int, too."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+-]+)*")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


class UneditableError(Exception):
    """The text is built in a way that a value cannot be put into."""


def put(text: str, path: str, value: Plain | Sequence[Plain]) -> str:
    """The text with `value` at `path`, 'tempo' or 'seed.piece'. Raises UneditableError."""
    section, _, key = path.rpartition(".")
    root = _root(text)
    written = _written(value)
    if not section:
        return _put(text, root, key, written)
    inner = _find(root, section)
    if inner is None or _is_null(inner):
        return _put(text, root, section, f"{{{key}: {written}}}")
    return _put(text, inner, key, written)


def get(text: str, path: str) -> Plain | list[Plain]:
    """The value at `path`, as `put` takes it; None if there is none. Raises UneditableError."""
    node = _root(text)
    for key in path.split("."):
        node = _find(node, key)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return None if node is None else _value(node)


def _root(text: str) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError):
        raise UneditableError("it is no YAML") from None
    return root


def _put(text: str, mapping: yaml.Node | None, key: str, written: str) -> str:
    if mapping is None or _is_null(mapping):
        return _appended(text, f"{key}: {written}")
    if not isinstance(mapping, yaml.MappingNode):
        raise UneditableError("its keys are no mapping")
    old = _find(mapping, key)
    if old is not None:
        start, end = _span(text, old)
        space = "" if start and text[start - 1].isspace() else " "
        return text[:start] + (space if start == end else "") + written + text[end:]
    if mapping.flow_style:
        inside = mapping.start_mark.index + 1
        return text[:inside] + f"{key}: {written}" + (", " if mapping.value else "") + text[inside:]
    indent = " " * mapping.value[0][0].start_mark.column
    end = text.find("\n", _span(text, _last(mapping))[1])
    return _appended(text if end < 0 else text[: end + 1], f"{indent}{key}: {written}") + (
        "" if end < 0 else text[end + 1 :]
    )


def _appended(text: str, line: str) -> str:
    """A line at the end, with the line ends that the text has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return text + (newline if text and not text.endswith("\n") else "") + line + newline


def _find(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _last(node: yaml.Node) -> yaml.Node:
    """The last value in a block collection: its own end mark is where the next thing begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node


def _span(text: str, node: yaml.Node) -> tuple[int, int]:
    """Where a value stands in the text."""
    start, end = node.start_mark.index, _last(node).end_mark.index
    while end > start and text[end - 1].isspace():  # as behind a block of text
        end -= 1
    return start, end


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null", "Null", "NULL")


def _value(node: yaml.Node) -> Plain:
    """A single value; a number stays the text that it is, which `put` writes without quotes again."""
    if _is_null(node):
        return None
    if not isinstance(node, yaml.ScalarNode):
        raise UneditableError("a mapping stands where a value should be put")
    text = str(node.value)
    if node.style:  # None or empty where there are no quotes
        return text
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    try:
        number = float(text)
    except ValueError:
        return text
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else number


def _written(value: Any) -> str:
    """A value as YAML."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value == value // 1 and abs(value) < 1e15 else repr(value)
    if not isinstance(value, str):
        raise UneditableError("a mapping is no value")
    if _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if value.isprintable():
        return f"'{value.replace(chr(39), 2 * chr(39))}'"
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in value) + '"'
