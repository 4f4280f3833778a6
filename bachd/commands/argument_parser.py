"""Define the command line: verbs and options. What each verb is for stands in help_texts.py.

Law: what `run` and `render` need the table of settings for is added for them alone, so that other verbs are at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from bachd import __version__
from bachd.commands import config_file, subcommands
from bachd.commands.help_texts import EXIT_CODES, VERBS
from bachd.errors import UsageError, did_you_mean

_SEE: Final = "see 'bachd --help'"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what a command line asks for. Raises UsageError; prints help and exits for --help and --version."""
    words = list(arguments)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    verb = next((word for word in words if not word.startswith("-")), None)
    if not words:
        words = ["--help"]
    elif words[0] == verb and verb not in VERBS:
        raise UsageError(f"no verb {verb!r}{_instead_of(verb)}; {_SEE}")
    found, unknown = parser(verb).parse_known_args(words)
    if unknown:
        name = next((word for word in unknown if word.startswith("-")), unknown[0])
        known = options(verb) if verb else ()
        hint = did_you_mean(name.partition("=")[0], known) if name.startswith("-") else ""
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}{hint}; see 'bachd {verb} --help'")
    return found


def _instead_of(verb: str) -> str:
    return did_you_mean(verb, VERBS) or f"; the verbs are {', '.join(VERBS)}"


def options(verb: str) -> list[str]:
    """The options of a verb, such as '--tempo'."""
    choices: dict[str, Any] = next(
        action.choices for action in parser(verb)._actions if isinstance(action, argparse._SubParsersAction)
    )
    return [name for action in choices[verb]._actions for name in action.option_strings]


def parser(*verbs: str | None) -> argparse.ArgumentParser:
    """Return the parser; `verbs` have all their options, others may lack those of the settings."""
    top = _Parser(
        prog="bachd",
        description="Play Bach-like music through a MIDI port, composed by a neural network.",
        epilog="Each verb explains itself: 'bachd run --help'.",
    )
    top.add_argument("-V", "--version", action="version", version=f"bachd {__version__}")
    subparsers = top.add_subparsers(metavar="VERB", required=True)
    each = {name: _add(subparsers, name) for name in VERBS}
    _add_own_options(each)
    for name in ("run", "render", "models", "learn", "check", "doctor", "panic", "bench"):
        each[name].add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help=f"settings (default: ./config.yaml, then {config_file.SYSTEM})",
        )
    for name in ("pieces", "models", "ports", "favourites", "status", "doctor", "bench"):
        each[name].add_argument("--json", action="store_true", help="print JSON")
    for verb in ("run", "render"):
        if verb in verbs:
            from bachd.commands import setting_options  # what these two load anyway

            setting_options.add(each[verb], rendering=verb == "render")
    return top


def _add(subparsers: Any, name: str) -> argparse.ArgumentParser:
    line, about, examples = VERBS[name]
    shown = "examples:\n" + "".join(f"  {example}\n" for example in examples) + "\n"
    added: argparse.ArgumentParser = subparsers.add_parser(
        name, help=line, description=about, epilog=shown + EXIT_CODES, formatter_class=_Formatter
    )
    added.set_defaults(verb=getattr(subcommands, name))
    return added


class _Formatter(argparse.HelpFormatter):
    """Wraps descriptions, and leaves examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(indent + line for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)


def _add_own_options(each: dict[str, argparse.ArgumentParser]) -> None:
    run, render, doctor = each["run"], each["render"], each["doctor"]
    run.add_argument("--seconds", type=_seconds, metavar="N", help="stop after N seconds")
    run.add_argument("--events", type=_count, metavar="N", help="stop after N events")
    render.add_argument(
        "out", type=Path, nargs="?", metavar="OUT", help="the file to write: NAME.mid, NAME.musicxml or NAME.wav"
    )
    render.add_argument("-o", "--output", type=Path, metavar="OUT", help="the same")
    render.add_argument("--bars", type=_count, metavar="N", help=f"bars after the seed (default: {subcommands.BARS})")
    render.add_argument(
        "--with",
        type=Path,
        dest="melody",
        metavar="MELODY.mid",
        help="harmonise this melody instead, as if somebody played it: each note without knowing the next",
    )
    each["learn"].add_argument("--seconds", type=_seconds, metavar="N", help="stop after N seconds")
    for verb, when in ((run, "before"), (render, "instead of")):
        verb.add_argument(
            "--favourite", metavar="LINK", help=f"a piece that was kept, by its link or number, {when} new music"
        )
    each["favourites"].add_argument(
        "favourite", nargs="?", metavar="NUMBER", help="print what its link ends with, instead of the list"
    )
    each["pieces"].add_argument("words", nargs="*", metavar="WORDS", help="of the number, title, key or metre")
    each["pieces"].add_argument("--model", metavar="NAME", default="chorales", help="the model (default: %(default)s)")
    doctor.add_argument("--timing", action="store_true", help="measure how punctually notes arrive instead")
    doctor.add_argument("--seconds", type=_seconds, metavar="N", help="with --timing: play for N seconds (default: 10)")
    doctor.add_argument("--plot", type=Path, metavar="FILE", help="with --timing: also write a plot, as .png or .pdf")
    each["panic"].add_argument(
        "port", nargs="*", metavar="PORT", help="part of a port's name (default: every output that 'run' plays to)"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    if not (text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000000")
    return int(text)
