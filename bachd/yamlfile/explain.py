"""Convert errors of the YAML parser to messages that say what to do."""

from __future__ import annotations

import re
from typing import Final

import yaml

from bachd.yamlfile.nodes import MalformedError

GLUED_COMMENT: Final = re.compile(r"[ \t]+(#[^\s#].*)")
"""What is a comment to YAML, and perhaps a part of a name to who wrote it: 'MIDIMATE II #2'."""

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_INDENTING_TAB: Final = re.compile(" *\t")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(\w+):[^\s:]")


def explained(error: yaml.YAMLError, text: str) -> MalformedError:
    """Return what is wrong in which line of `text`, and what to do, where the usual mistakes are recognised."""
    mark, context_mark = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be read")
    opened = "is opened here and not closed"
    if context_mark and "quoted scalar" in str(getattr(error, "context", None)) and "end of stream" in problem:
        return MalformedError(context_mark.line + 1, f"not YAML: a quotation mark {opened}")
    mark = mark or context_mark
    if mark is None:
        return MalformedError(1, f"not YAML: {problem}")
    lines = _LINE_END.split(text)
    written = lines[mark.line] if mark.line < len(lines) else ""
    if _INDENTING_TAB.match(written) or written[mark.column : mark.column + 1] == "\t":
        return MalformedError(mark.line + 1, "a tab; YAML wants spaces")
    if (bracket := _unclosed(problem)) and context_mark is not None and mark.line > context_mark.line:
        glued = GLUED_COMMENT.search(lines[context_mark.line])
        hint = f", for {glued[1]!r} is a comment; put quotes around the name" if glued else ""
        return MalformedError(context_mark.line + 1, f"not YAML: '{bracket}' {opened}{hint}")
    line, hint = _hint(problem, mark.line, mark.column, lines)
    return MalformedError(line + 1, f"not YAML: {problem}{hint}")


def _unclosed(problem: str) -> str:
    """The bracket that was to be closed by what the parser did not find."""
    return {"']'": "[", "'}'": "{"}.get(problem[-3:], "") if "expected ','" in problem else ""


def _hint(problem: str, number: int, column: int, lines: list[str]) -> tuple[int, str]:
    """The line, counted from 0, that is likely at fault, and what to do about it."""
    written = lines[number] if number < len(lines) else ""
    if "could not find expected ':'" in problem:  # which is noticed when the line is over
        number = max(number - 1, 0)
        written = lines[number]
    if glued := _KEY_WITHOUT_SPACE.match(written):
        return number, f"; put a space behind '{glued[1]}:'"
    if written.count(": ") + written.rstrip().endswith(":") > 1:
        return number, "; put quotes around the name if it holds a colon, such as 'a: b'"
    if number and (glued := _KEY_WITHOUT_SPACE.match(lines[number - 1])) and "mapping values" in problem:
        return number - 1, f"; put a space behind '{glued[1]}:'"
    if "cannot start any token" in problem:
        return number, f"; put quotes around a text that begins with '{written[column : column + 1]}'"
    if "mapping values" in problem or "expected key" in problem:
        return number, "; look at its quotes and at how far it is indented"
    return number, ""
