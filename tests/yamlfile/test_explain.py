"""What people are told of the usual mistakes in YAML."""

from __future__ import annotations

import pytest
import yaml

from bachd.yamlfile import parse
from bachd.yamlfile.nodes import MalformedError


def fault(text: str) -> tuple[int, str]:
    with pytest.raises(MalformedError) as caught:
        parse.read(text)
    return caught.value.line, caught.value.what


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("midi:\n\toutput: none\n", 2),
        ("midi:\n  output: none\n\tchannels: 1\n", 3),
        ("midi:\n \toutput: x\n", 2),
        ("midi:\n  channels:\n\t- 1\n", 3),
        ("\ttempo: 84\n", 1),
        ("tempo: 84\r\nseed:\r\n\tbars: 4\r\n", 3),
    ],
)
def test_a_tab_is_told(text: str, line: int, loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "_LOADER", loader)
    assert fault(text) == (line, "a tab; YAML wants spaces")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("midi: {output: {in: a: b}}\n", 1, "put quotes around the name if it holds a colon, such as 'a: b'"),
        ("tempo: 84\nmidi:\n  output: USB: MIDI 1\n", 3, "put quotes around the name if it holds a colon"),
        ("midi:\n  output: [a: b: c]\n", 2, "put quotes around the name if it holds a colon"),
        ("model: x\ntempo:90\n", 2, "put a space behind 'tempo:'"),
        ("tempo:90\nmodel: x\n", 1, "put a space behind 'tempo:'"),
        ("model: x\n  tempo: 90\n", 2, "look at its quotes and at how far it is indented"),
        ("midi:\n  output: none\n channels: 1\n", 3, "look at its quotes and at how far it is indented"),
        ("a: 'it's'\n", 1, "look at its quotes"),
        ("output: @foo\n", 1, "put quotes around a text that begins with '@'"),
        ("output: %foo\n", 1, "put quotes around a text that begins with '%'"),
        ("tempo: 84\noutput: 'abc\nmodel: x\n", 2, "a quotation mark is opened here and not closed"),
        ("tempo: 84\noutput: [a, b\nmodel: x\n", 2, "'[' is opened here and not closed"),
        ("tempo: 84\nmidi: {output: a\nmodel: x\n", 2, "'{' is opened here and not closed"),
        ("tempo: 84\nmidi\n", 2, "could not find expected ':'"),
        ("a: <<\n<<: {b: 1}\n", 2, "merge keys are not understood here; write the keys out"),
        ("a: &a [*a]\n", 1, "'*a': anchors and aliases are not understood here; in a text, put quotes around it"),
        ("a: *x\n", 1, "in a text, put quotes around it"),
        ("a: !x\n", 1, "tags are not understood here; in a text, put quotes around it"),
        ("tempo: 84\x00\n", 1, "a control character ('\\x00')"),
        ("tempo: 84\n# \x1b[2J\n", 2, "a control character ('\\x1b')"),
    ],
)
def test_the_line_and_what_to_do_are_told(text: str, line: int, what: str) -> None:
    told = fault(text)
    assert told[0] == line, told
    assert what in told[1]
    assert told[1].isprintable()


@pytest.mark.parametrize("text", ["tempo:\t84\n", "tempo: 84\t# calm\n", "seed: {bars:\t4}\n", "# \t\ntempo: 84\n"])
def test_a_tab_where_yaml_allows_one_is_none(text: str) -> None:
    parse.read(text)
