"""Typed values out of a YAML tree, with every fault on the way kept for one report.

Law: reading never stops at a fault: it notes the line, the key and what to do, and goes on with the default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from bachd.errors import ConfigError, suggestion
from bachd.yamlfile.nodes import List, Mapping, Node, Scalar

_SWITCH: Final = re.compile(r"(?i:yes|no|on|off|true|false)")
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)")
_MOST_ITEMS: Final = 16
_LONGEST_TEXT: Final = 500
_WIDEST: Final = 40

T = TypeVar("T")


class Faults:
    """What is wrong with a file, to be told at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[tuple[int, str]] = []

    def add(self, node: Node, what: str) -> None:
        """Note a fault at a node's line."""
        self._found.append((node.line, what))

    def check(self) -> None:
        """Raise ConfigError with all faults in the order of the file, if there are any."""
        if self._found:
            raise ConfigError("\n".join(f"{self._path}:{line}: {what}" for line, what in sorted(self._found)))


class Section:
    """One mapping of the file. A key that is missing or null has its default."""

    def __init__(self, name: str, node: Node, keys: Sequence[str], faults: Faults) -> None:
        """Note a fault for each key that is not one of `keys` or comes twice.

        name: '' for the whole file, otherwise the key that holds this mapping.
        """
        self._name = name
        self._faults = faults
        self._values: dict[str, Node] = {}
        if isinstance(node, Mapping):
            self._take(node, keys)
        elif not (isinstance(node, Scalar) and node.null):
            listed = ", ".join(keys)
            what = f"{shown(node)} is no mapping; write its keys ({listed}) on lines of their own, indented"
            faults.add(node, f"{name}: {what}" if name else f"{shown(node)} is no mapping; the keys are {listed}")

    def _take(self, node: Mapping, keys: Sequence[str]) -> None:
        for key, value in node.pairs:
            if key.text not in keys:
                hint = suggestion(_cut(key.text), keys) or f"; the keys here are {', '.join(keys)}"
                written = _cut(key.text) if key.text.isprintable() else repr(_cut(key.text))
                self._faults.add(key, f"{self._path(written)}: no such key{hint}")
            elif key.text in self._values:
                line = self._values[key.text].line
                self._faults.add(key, f"{self._path(key.text)}: is set in line {line} already; keep one of them")
            else:
                self._values[key.text] = value

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def fault(self, key: str, what: str, node: Node | None = None) -> None:
        """Note what is wrong with the value of a key, or with a node in it."""
        self._faults.add(node or self._values[key], f"{self._path(key)}: {what}")

    def nothing(self, key: str) -> bool:
        """Whether the key stands there with a null, for the few to which that is not the default."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and node.null

    def section(self, key: str, keys: Sequence[str]) -> Section:
        """The mapping below a key."""
        return Section(self._path(key), self._values.get(key, Scalar(1, "", plain=True)), keys, self._faults)

    def is_single(self, key: str) -> bool:
        """Whether a key has a single value that is not null."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and not node.null

    def is_mapping(self, key: str) -> bool:
        """Whether a key has a mapping below it."""
        return isinstance(self._values.get(key), Mapping)

    def switch(self, key: str, default: T) -> bool | T:
        """True or false, as YAML may write them."""
        node = self._value(key)
        if node is None:
            return default
        if not (node.plain and _SWITCH.fullmatch(node.text)):
            self.fault(key, f"{shown(node)} is neither true nor false", node)
            return default
        return node.text.lower() in ("true", "yes", "on")

    def text(self, key: str, default: T) -> str | T:
        """One line of text."""
        node = self._value(key)
        return default if node is None or not self._is_text(key, node) else node.text

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of the words `choices`."""
        word = self.text(key, default)
        if word in choices:
            return word
        hint = suggestion(_cut(word), choices) or f"; choose from {', '.join(choices)}"
        self.fault(key, f"{_cut(word)!r} is none of the choices{hint}")
        return default

    def texts(self, key: str, default: T) -> tuple[str, ...] | T:
        """A line of text or a list of them."""
        return tuple(node.text for node in self.values(key) if self._is_text(key, node)) or default

    def number(self, key: str, low: float, high: float, default: T) -> float | T:
        """A number from `low` to `high`."""
        node = self._value(key)
        return default if node is None or not self._is(_NUMBER, "number", key, node, low, high) else float(node.text)

    def number_or_word(self, key: str, low: float, high: float, words: Sequence[str], default: T) -> float | str | T:
        """A number from `low` to `high`, or one of the words."""
        node = self._value(key)
        if node is None or node.text in words:
            return default if node is None else node.text
        hint = suggestion(_cut(node.text), words)
        if not hint and node.text.isalpha():
            hint = f", nor any of {', '.join(words)}"
        if hint:
            self.fault(key, f"{shown(node)} is no number{hint}", node)
            return default
        return self.number(key, low, high, default)

    def whole(self, key: str, low: int, high: int, default: T) -> int | T:
        """A whole number from `low` to `high`."""
        node = self._value(key)
        return default if node is None or not self._is_whole(key, node, low, high) else int(node.text)

    def wholes(self, key: str, low: int, high: int, default: T) -> tuple[int, ...] | T:
        """A whole number from `low` to `high` or a list of them."""
        return tuple(int(node.text) for node in self.values(key) if self._is_whole(key, node, low, high)) or default

    def values(self, key: str) -> tuple[Scalar, ...]:
        """What a key has, one value or a list of them, as it was written; empty if there is nothing to use."""
        node = self._values.get(key)
        if not isinstance(node, List):
            value = self._value(key)
            return () if value is None else (value,)
        if not 1 <= len(node.items) <= _MOST_ITEMS:
            self.fault(key, f"the list has {len(node.items)} items; it must have 1 to {_MOST_ITEMS}", node)
            return ()
        good = tuple(item for item in node.items if isinstance(item, Scalar) and not item.null)
        for item in node.items:
            if item not in good:
                self.fault(key, f"{shown(item)} cannot be in this list", item)
        return good

    def _value(self, key: str) -> Scalar | None:
        node = self._values.get(key)
        if node is None or (isinstance(node, Scalar) and node.null):
            return None
        if not isinstance(node, Scalar):
            self.fault(key, f"{shown(node)} is no single value", node)
            return None
        return node

    def _is_text(self, key: str, node: Scalar) -> bool:
        if node.plain and _SWITCH.fullmatch(node.text):
            self.fault(key, f"{node.text} is a switch in YAML, no text; put quotes around it if it is a name", node)
        elif not node.text.strip() or not node.text.isprintable() or len(node.text) > _LONGEST_TEXT:
            self.fault(key, f"{shown(node)} is no text of one short line", node)
        else:
            return True
        return False

    def _is_whole(self, key: str, node: Scalar, low: int, high: int) -> bool:
        return self._is(_WHOLE, "whole number", key, node, low, high)

    def _is(self, form: re.Pattern[str], kind: str, key: str, node: Scalar, low: float, high: float) -> bool:
        if not form.fullmatch(node.text):
            zero = "; take the zeros in front off" if form.fullmatch(node.text.lstrip("0")) else ""
            self.fault(key, f"{shown(node)} is no {kind}{zero}", node)
        elif not node.plain:
            self.fault(key, f"{shown(node)} is text; take the quotes off for a number", node)
        elif not low <= float(node.text) <= high:
            self.fault(key, f"{shown(node)} is not between {low} and {high}", node)
        else:
            return True
        return False


def shown(node: Node) -> str:
    """A value as a fault names it, short and on one line."""
    if isinstance(node, Mapping):
        return "a mapping"
    if not isinstance(node, Scalar):
        return "a list"
    if node.null:
        return "nothing"
    bare = node.plain and (_NUMBER.fullmatch(node.text) or _SWITCH.fullmatch(node.text))
    return _cut(node.text) if bare else repr(_cut(node.text))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
