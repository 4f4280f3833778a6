"""Word values for error messages."""

from __future__ import annotations

import re
from typing import Final

from bachd.yamlfile.nodes import Mapping, Node, Scalar

SWITCH: Final = re.compile(r"(?i:yes|no|on|off|true|false)")
WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")
NUMBER: Final = re.compile(r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)")
_WIDEST: Final = 40


def shown(node: Node) -> str:
    """Return a value as a fault names it, short and on one line."""
    if isinstance(node, Mapping):
        return "a mapping"
    if not isinstance(node, Scalar):
        return "a list"
    if node.null:
        return "nothing"
    bare = node.plain and (NUMBER.fullmatch(node.text) or SWITCH.fullmatch(node.text))
    return shortened(node.text) if bare else repr(shortened(node.text))


def shortened(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."


def figure(number: float) -> str:
    """Return a number as people write it."""
    return str(int(number)) if number == number // 1 else str(number)


def number_hint(form: re.Pattern[str], text: str) -> str:
    """Return what to do about a number that is written in another way, to end a sentence with; '' if it is none."""
    if form.fullmatch(text.lstrip("+0")):
        return f"; take the {'zeros' if text.startswith('0') else 'sign'} in front off"
    if form.fullmatch(text.replace(",", ".", 1)):
        return "; write a point instead of the comma"
    if re.fullmatch(r"[0-9][0-9_.]*([eE][+-]?[0-9]+)?|0[xob][0-9a-fA-F]+", text) and text.count(".") < 2:
        return "; write it with digits alone"
    return ""
