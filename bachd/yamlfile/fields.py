"""Read typed values from a YAML tree, and collect all faults for one report.

Law: reading never stops at a fault: it notes the line, the key and what to do, and goes on with the default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from bachd.errors import ConfigError, Fault, did_you_mean
from bachd.yamlfile.nodes import EMPTY, List, Mapping, Node, Scalar
from bachd.yamlfile.wording import NUMBER, SWITCH, WHOLE, figure, number_hint, shortened, shown

_MOST_ITEMS: Final = 16
_LONGEST_TEXT: Final = 500

T = TypeVar("T")


class Faults:
    """Everything that is wrong with a file, for one report."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[Fault] = []

    def add(self, node: Node, key: str, what: str) -> None:
        """Note a fault at a node's line."""
        self._found.append(Fault(node.line, key, what))

    def check(self) -> None:
        """Raise ConfigError with all faults in the order of the file, if there are any."""
        if self._found:
            found = sorted(self._found, key=lambda fault: (fault.line, fault.key, fault.what))
            raise ConfigError(found, self._path)


class Section:
    """One mapping of the file. A key that is missing or null has its default."""

    def __init__(
        self,
        name: str,
        node: Node,
        keys: Sequence[str],
        faults: Faults,
        home: Path = Path(),
        above: Section | None = None,
        instead: str = "",
    ) -> None:
        """Note a fault for each key that is not one of `keys` or comes twice.

        name: '' for the whole file, otherwise the key that holds this mapping. home: the folder that relative paths
        start from. above: the section that this one stands in. instead: see `section`.
        """
        self.home = home
        self.above = above
        self.read: dict[str, Any] = {}
        """Values that have been read so far, for keys whose meaning depends on another one's."""
        self.table: Any = None
        """The dataclass that declares the keys here, if one does."""
        self._name = name
        self._faults = faults
        self._values: dict[str, Node] = {}
        if isinstance(node, Mapping):
            self._take(node, keys)
        elif not (isinstance(node, Scalar) and node.null):
            listed = ", ".join(keys)
            how = f"write its keys ({listed}) on lines of their own, indented" if name else f"the keys are {listed}"
            faults.add(node, name, f"{shown(node)} is not a mapping; {_missing(node, name, keys)}{how}{instead}")

    def _take(self, node: Mapping, keys: Sequence[str]) -> None:
        for key, value in node.pairs:
            if key.text not in keys:
                hint = did_you_mean(shortened(key.text), keys) or f"; the keys here are {', '.join(keys)}"
                self._faults.add(key, self.path(shortened(key.text)), f"no such key{hint}")
            elif key.text in self._values:
                line = self._values[key.text].line
                self._faults.add(key, self.path(key.text), f"is set in line {line} already; keep one of them")
            else:
                self._values[key.text] = value

    def path(self, key: str) -> str:
        """Return a key with the keys that it stands below, such as 'seed.piece'."""
        return f"{self._name}.{key}" if self._name else key

    def fault(self, key: str, what: str, node: Node | None = None) -> None:
        """Note what is wrong with the value of a key, or with a node in it."""
        self._faults.add(node or self._values[key], self.path(key), what)

    def is_null(self, key: str) -> bool:
        """Whether the key stands there with a null, for the few to which that is not the default."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and node.null

    def is_empty(self, key: str) -> bool:
        """Whether the key stands there with nothing behind it, not even a null."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and node.null and not node.text

    def is_set(self, key: str) -> bool:
        """Whether the key has a value that is not null."""
        return key in self._values and not self.is_null(key)

    def section(self, key: str, keys: Sequence[str], instead: str = "") -> Section:
        """Return the mapping below a key. instead: what may stand there instead, to end a fault with."""
        node = self._values.get(key, EMPTY)
        return Section(self.path(key), node, keys, self._faults, self.home, self, instead)

    def is_mapping(self, key: str) -> bool:
        """Whether a key has a mapping below it."""
        return isinstance(self._values.get(key), Mapping)

    def is_switch(self, key: str) -> bool:
        """Whether a key has true or false as its value, as YAML may write them."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and node.plain and bool(SWITCH.fullmatch(node.text))

    def is_word(self, key: str) -> bool:
        """Whether a key has a text with a letter in it as its value, and not true or false."""
        node = self._values.get(key)
        return isinstance(node, Scalar) and any(map(str.isalpha, node.text)) and not self.is_switch(key)

    def keys_below(self, key: str) -> tuple[str, ...]:
        """Return the keys of the mapping below a key, where they are free."""
        node = self._values.get(key)
        return tuple(name.text for name, _ in node.pairs) if isinstance(node, Mapping) else ()

    def switch(self, key: str, default: T) -> bool | T:
        """Return true or false, as YAML may write them."""
        node = self._value(key)
        if node is None:
            return default
        if not (node.plain and SWITCH.fullmatch(node.text)):
            self.fault(key, f"{shown(node)} is neither true nor false", node)
            return default
        return node.text.lower() in ("true", "yes", "on")

    def text(self, key: str, default: T, words: Sequence[str] = ()) -> str | T:
        """Return one line of text, or one of the `words`, which may be written in any case."""
        node = self._value(key)
        return default if node is None or not self._is_text(key, node, words) else _one_of(node, words)

    def texts(self, key: str, default: T, words: Sequence[str] = (), most: int = _MOST_ITEMS) -> tuple[str, ...] | T:
        """Return a line of text or a list of them; as `text`."""
        return (
            tuple(_one_of(node, words) for node in self.values(key, most) if self._is_text(key, node, words)) or default
        )

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """Return one of the words `choices`, which may be written in any case."""
        word = self.text(key, default, choices)
        if word in choices:
            return word
        hint = did_you_mean(shortened(word), choices) or f"; choose from {', '.join(choices)}"
        self.fault(key, f"{shortened(word)!r} is not one of the choices{hint}")
        return default

    def number(self, key: str, low: float, high: float, default: T) -> float | T:
        """Return a number from `low` to `high`."""
        node = self._value(key)
        return default if node is None or not self._is(NUMBER, "number", key, node, low, high) else float(node.text)

    def number_or_word(self, key: str, low: float, high: float, words: Sequence[str], default: T) -> float | str | T:
        """Return a number from `low` to `high`, or one of the words, which may be written in any case."""
        node = self._value(key)
        if node is None or (word := _one_of(node, words)) in words:
            return default if node is None else word
        hint = did_you_mean(shortened(node.text), words)
        if words and not hint and node.text.isalpha():
            hint = f", nor one of {', '.join(words)}"
        if hint:
            self.fault(key, f"{shown(node)} is not a number{hint}", node)
            return default
        return self.number(key, low, high, default)

    def whole(self, key: str, low: int, high: int, default: T) -> int | T:
        """Return a whole number from `low` to `high`."""
        node = self._value(key)
        return default if node is None or not self._is_whole(key, node, low, high) else int(node.text)

    def wholes(self, key: str, low: int, high: int, default: T) -> tuple[int, ...] | T:
        """Return a whole number from `low` to `high` or a list of them."""
        return tuple(int(node.text) for node in self.values(key) if self._is_whole(key, node, low, high)) or default

    def values(self, key: str, most: int = _MOST_ITEMS) -> tuple[Scalar, ...]:
        """Return one value or a list of them, as it was written; empty if there is nothing to use."""
        node = self._values.get(key)
        if not isinstance(node, List):
            value = self._value(key)
            return () if value is None else (value,)
        if not 1 <= len(node.items) <= most:
            self.fault(key, f"the list has {len(node.items)} items; it must have 1 to {most}", node)
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
            self.fault(key, f"{shown(node)} is not a single value", node)
            return None
        return node

    def _is_text(self, key: str, node: Scalar, words: Sequence[str]) -> bool:
        if node.plain and SWITCH.fullmatch(node.text):
            self.fault(key, f"{node.text} is a switch in YAML, not a text; put quotes around it if it is a name", node)
        elif not node.text.strip() or not node.text.isprintable() or len(node.text) > _LONGEST_TEXT:
            self.fault(key, f"{shown(node)} is not a text of one short line", node)
        elif node.cut and _one_of(node, words) not in words:
            what = f"{shortened(node.cut)!r} is cut off, for '#' begins a comment; "
            self.fault(key, f"{what}put quotes around the name, or a space behind '#' if it is a comment", node)
        else:
            return True
        return False

    def _is_whole(self, key: str, node: Scalar, low: int, high: int) -> bool:
        return self._is(WHOLE, "whole number", key, node, low, high)

    def _is(self, form: re.Pattern[str], kind: str, key: str, node: Scalar, low: float, high: float) -> bool:
        if not form.fullmatch(node.text):
            self.fault(key, f"{shown(node)} is not a {kind}{number_hint(form, node.text)}", node)
        elif not node.plain:
            self.fault(key, f"{shown(node)} is text; take the quotes off for a number", node)
        elif not low <= float(node.text) <= high:
            self.fault(key, f"{shown(node)} is not between {figure(low)} and {figure(high)}", node)
        else:
            return True
        return False


def _one_of(node: Scalar, words: Sequence[str]) -> str:
    """The word that a value is, in whatever case it is written; otherwise its text."""
    return node.text if not node.plain else next((word for word in words if word == node.text.lower()), node.text)


def _missing(node: Node, name: str, keys: Sequence[str]) -> str:
    """Return what was left out behind the key, to begin with what to do; '' if that is not it."""
    words = node.text.split() if isinstance(node, Scalar) else []
    if words[1:] and words[0] in keys:
        return f"write a colon behind the key, as in '{shortened(f'{words[0]}: {words[1]}')}'; "
    glued = words and ":" in words[0] and (not name or words[0].partition(":")[0] in keys)
    return "put a space behind the colon; " if glued else ""
