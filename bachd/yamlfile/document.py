"""Write the settings file that is shipped, from its table of keys."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from bachd.yamlfile.edit import write
from bachd.yamlfile.keys import Key, keys


def document(table: Any, head: str) -> str:
    """Return a file with every key at its default, under its help as a comment. head: the comment above all."""
    return "\n".join([*_comment(inspect.cleandoc(head), ""), *_lines(table)]) + "\n"


def _lines(table: Any) -> Iterator[str]:
    explained = set()  # what several sections have in common is explained once
    for key in keys(table):
        depth = key.path.count(".")
        if not depth:
            yield ""
        if (key.name, key.help) not in explained:
            yield from _comment(key.help, "  " * depth)
        explained.add((key.name, key.help))
        yield f"{'  ' * depth}{key.name}:{_example(key)}"


def _comment(text: str, indent: str) -> Iterator[str]:
    return (f"{indent}# {line}" for line in text.splitlines())


def _example(key: Key) -> str:
    """The default as YAML; an address needs no quotes."""
    if key.kind is None:
        return ""
    value = (key.kind.example or key.kind.plain)(key.default)
    return f" {value if isinstance(value, str) and value.isascii() and ' ' not in value else write(value)}"
