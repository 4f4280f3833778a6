"""Give the settings of config.yaml on the command line: an option for each key about the music, from the one table.

Law: a value means what it means in config.yaml, but that a relative path starts from the working directory; a wrong one
is a fault of the command line, and what the file says otherwise stays as it is.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bachd import configfile
from bachd.config import Config
from bachd.errors import ConfigError, UsageError
from bachd.music import smf
from bachd.yamlfile import text as files
from bachd.yamlfile.keys import Key, keys

_RENAMED: Final = {"seed.bars": "seed-bars"}
"""Keys whose own name means something else on the command line: `render --bars` counts what follows the seed."""
_OF_PLAYING: Final = frozenset(
    (
        "device",
        "hours",
        "together",
        "together_split",
        "midi.output",
        "midi.input",
        "midi.input_channels",
        "midi.thru",
        "midi.controls",
        "midi.wait_for_start",
        "midi.clock",
        "midi.latency_ms",
        "speaker.volume",
        "speaker.card",
    )
)
"""Keys that make no difference to what is rendered."""
_TITLES: Final = {
    "": "the music",
    "seed": "what it starts with",
    "midi": "MIDI",
    "speaker": "the loudspeaker",
    "voices": "the voices",
    "sampling": "how it is composed",
    "expression": "how it is played",
}
_HOME: Final = ("/", "./", "../", "~")


class Wanted(NamedTuple):
    """Settings, and what of them is not in the file."""

    config: Config
    text: str
    """Of the file; '' if there is none."""
    options: Mapping[str, Any]
    """Values by keys such as 'seed.piece'."""


def settable(*, rendering: bool = False) -> list[Key]:
    """The keys that have an option: all but those of the page. rendering: without those of playing."""
    found = [key for key in keys(Config) if key.kind and not key.path.startswith("web.")]
    return [key for key in found if not (rendering and key.path in _OF_PLAYING)]


def option(key: str) -> str:
    """The option of a key: '--piece' of 'seed.piece', '--bass-mute' of 'voices.bass.mute'."""
    name = _RENAMED.get(key) or "-".join(key.split(".")[1:]) or key
    return "--" + name.replace("_", "-")


def add(parser: argparse.ArgumentParser, *, rendering: bool = False) -> None:
    """Add the options to a verb."""
    about = "settings that go together: standard, calm, strict, daring, or one that was saved on the page; options win"
    parser.add_argument("--preset", metavar="NAME", help=about, default=argparse.SUPPRESS)
    groups: dict[str, Any] = {}
    for key in settable(rendering=rendering):
        section = key.path.partition(".")[0] if "." in key.path else ""
        if section not in groups:
            groups[section] = parser.add_argument_group(_TITLES[section])
        groups[section].add_argument(
            option(key.path), dest=key.path, metavar="VALUE", help=_help(key), default=argparse.SUPPRESS
        )


def wanted(options: argparse.Namespace, path: Path | None) -> Wanted:
    """Return the settings of a file with the options put into it.

    path: the file; None if there is none. Raises ConfigError for what is wrong with the file, UsageError for an option.
    """
    from bachd.yamlfile import edit  # and PyYAML, which takes its time

    given = _preset(options) | {key: _value(key, text) for key, text in vars(options).items() if _is_key(key)}
    place = path or Path("config.yaml")
    content = files.read(path) if path is not None else ""
    config = configfile.parse(content, place)
    if "model" in given and "seed.piece" not in given and config.seed.piece is not None:
        given["seed.piece"] = None  # it is one of the other model
    text = content
    for key, value in given.items():
        try:
            text = edit.put(text, key, value)
        except edit.UneditableError as error:
            raise ConfigError(f"{place}: {key}: cannot be put beside {error}; change the file itself") from None
    try:
        return Wanted(configfile.parse(text, place) if given else config, content, given)
    except ConfigError as error:
        faults = "; ".join(_described(fault.key, fault.what) for fault in error.faults)
        raise UsageError(f"{faults}; see 'bachd {options.verb.__name__} --help'") from None


def _preset(options: argparse.Namespace) -> dict[str, Any]:
    """The values of the preset that is asked for, if one is. Raises UsageError."""
    if (name := vars(options).get("preset")) is None:
        return {}
    from bachd.service.settings import presets

    return presets.find(name)["values"]


def _described(key: str, what: str) -> str:
    """A fault of a value, named by the option, whatever part of the value it is in."""
    parts = key.split(".")
    paths = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    name = next((option(path) for path in paths if _is_key(path)), key)
    return f"argument {name}: {what}"


def _is_key(name: str) -> bool:
    return any(key.path == name for key in settable())


def _value(key: str, text: str) -> Any:
    """What an option says, as `edit.put` takes it."""
    from bachd.yamlfile import edit

    if text.startswith(("[", "{", "'", '"')):
        return edit.Written(text)
    if (
        key == "speaker.soundfont"
        or (key == "model" and "/" in text)
        or (key == "seed.piece" and (text.startswith(_HOME) or "/" in text or text.lower().endswith(smf.ENDINGS)))
    ):
        return str(Path(text).expanduser().absolute())
    return edit.plain(text)


def _help(key: Key) -> str:
    """The help of config.yaml as sentences, for argparse: of a list, the words that may stand there."""
    lines = key.help.splitlines()
    listed = [number for number, line in enumerate(lines) if line.startswith("  ")]
    if not listed:
        return _sentences(key.help)
    before, after = " ".join(lines[: listed[0]]), " ".join(lines[listed[-1] + 1 :])
    rows = [lines[number][2:] for number in listed]
    words = [re.split(r"\s\s+", row)[0] for row in rows if not row.startswith(" ")]
    return _sentences(f"{_choice(before, words)} {after}")


def _choice(before: str, words: Sequence[str]) -> str:
    """A text with the words of the list that it announces; of entries of a mapping, with the first as an example."""
    if ": " in words[0]:
        begin = f"{before[:-1]}, such as" if before.endswith(":") else f"{before} An example is"
        return f"{begin} {{{words[0]}}}; config.yaml has more."
    begin = "" if before.endswith((":", ", or")) else "One of " if words[1:] else "Or "
    return f"{before} {begin}{_or(words)}; config.yaml explains {'them' if words[1:] else 'it'}."


def _or(words: Sequence[str]) -> str:
    """'a, b or c'."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _sentences(text: str) -> str:
    """A text on one line that ends with a full stop; paths of the command line are not beside a file."""
    text = " ".join(text.split()).replace("', beside this file", "'").replace("%", "%%")
    return text if text.endswith(".") else f"{text}."
