"""Write the manual pages and the bash completion of `bachd` and `bachd-train`: python3 manual.py FOLDER.

Law: every word comes from the parsers of the two commands, so that the manual says what --help says.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Final

import shtab
from argparse_manpage.manpage import Manpage

from bachd.commands import argument_parser
from bachd.training import cli

_COMMANDS: Final = {
    "bachd": ("play Bach-like music through a MIDI port", argument_parser.parser("run", "render")),
    "bachd-train": ("train bachd's models, away from the device", cli.make_parser()),
}
"""The two commands: their line in the list of manual pages, and their parser."""


def page(name: str) -> str:
    """Return the manual page of a command, as troff."""
    line, parser = _COMMANDS[name]
    text = str(Manpage(parser)).replace("Generated Python Manual", "bachd")
    text = re.sub(r"(?m)^\.SH NAME\n.*\n", f".SH NAME\n{_troff(name)} \\\\- {_troff(line)}\n", text, count=1)
    text = re.sub(r"(?m)^'", r"\\(aq", text)  # a quotation mark there would be a request to troff
    other = next(each for each in _COMMANDS if each != name)
    return f"{text}{_epilogs(parser)}.SH FILES\n/etc/bachd/config.yaml\n.SH SEE ALSO\n.BR {_troff(other)} (1)\n"


def _epilogs(parser: argparse.ArgumentParser) -> str:
    """What follows the options in --help, each paragraph once: examples of all verbs, and the exit codes."""
    sections: dict[str, list[str]] = {}
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for verb in verbs.choices.values():
        for paragraph in filter(None, (verb.epilog or "").split("\n\n")):
            title, _, lines = paragraph.partition("\n")
            found = sections.setdefault(title.rstrip(":").upper(), [])
            found += [line.strip() for line in lines.splitlines() if line.strip() not in found]
    shown = ("\n".join(map(_troff, lines)) for lines in sections.values())
    return "".join(f".SH {title}\n.nf\n{lines}\n.fi\n" for title, lines in zip(sections, shown, strict=True))


def completion(name: str) -> str:
    """Return the bash completion of a command."""
    _, parser = _COMMANDS[name]
    _mark_paths(parser)
    text: str = shtab.complete(parser, "bash")
    return text


def _troff(text: str) -> str:
    return text.replace("-", "\\-").replace("'", "\\(aq")


def _mark_paths(parser: argparse.ArgumentParser) -> None:
    """Have the names of files offered where an argument is one."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _mark_paths(each)
        elif action.type is Path:
            marked: Any = action
            marked.complete = shtab.FILE


def main(folder: Path) -> None:
    """Write four files into a folder that exists."""
    for name in _COMMANDS:
        (folder / f"{name}.1").write_text(page(name), encoding="utf-8")
        (folder / f"{name}.bash").write_text(completion(name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
