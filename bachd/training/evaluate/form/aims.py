"""Read and check a bundle's aims.yaml: limits for the figures of its form.

Law: aims are data. A better bundle comes with tighter ones, and no code changes.

    pieces: 24                      # how many to compose for it
    ends_on_tonic: {least: 80}      # keys and units are those of the table, as --json prints them
    parallel_octaves: {most: 9}
    length_entropy: {least: 0.75, most: 1.15}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError
from bachd.training.evaluate.form.table import ROWS, Column, printed
from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.nodes import MalformedError

FILE: Final = "aims.yaml"
"""What the aims are called in a bundle's folder."""
_BOUND: Final = 1e6
_PIECES: Final = 24


@dataclass(frozen=True, slots=True)
class Aim:
    """Between what a figure must be."""

    least: float | None
    most: float | None

    def is_met(self, value: float | None) -> bool:
        """Whether a figure is within; one that could not be counted is not."""
        return value is not None and _within(value, self.least, self.most)

    def __str__(self) -> str:
        if self.least is None:
            return f"<= {self.most:g}"
        return f">= {self.least:g}" if self.most is None else f"{self.least:g} to {self.most:g}"


@dataclass(frozen=True, slots=True)
class Aims:
    """Contents of a bundle's aims.yaml."""

    pieces: int
    figures: Mapping[str, Aim]

    def missed(self, column: Column) -> list[str]:
        """A line for each figure that misses its aim."""
        return [
            f"{ROWS[key].label}: {printed(ROWS[key], column.figures.get(key))}, and the aim is {aim}"
            for key, aim in self.figures.items()
            if not aim.is_met(column.figures.get(key))
        ]


def _within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def read(path: Path) -> Aims:
    """The aims in a file. Raises ConfigError with all its faults, one a line."""
    try:
        tree = yaml_parse.read(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    except MalformedError as error:
        raise ConfigError(f"{path}:{error.line}: {error.what}") from None
    faults = Faults(path)
    top = Section("", tree, ["pieces", *ROWS], faults)
    found = Aims(
        top.whole("pieces", 1, 10_000, _PIECES),
        {key: _aim(top, key) for key in ROWS if top.is_set(key)},
    )
    faults.check()
    return found


def _aim(top: Section, key: str) -> Aim:
    section = top.section(key, ["least", "most"])
    aim = Aim(section.number("least", -_BOUND, _BOUND, None), section.number("most", -_BOUND, _BOUND, None))
    if top.is_mapping(key) and aim.least is None and aim.most is None:
        top.fault(key, "give it a 'least', a 'most' or both")
    return aim
