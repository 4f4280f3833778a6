"""train.yaml: all that decides what a model learns, and what of it becomes a bundle.

Law: a file gives a recipe or one report of all its faults with their lines; two runs of one recipe on one corpus learn
the same.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError, Fault
from bachd.music.piece import Piece
from bachd.neural.bundle import SamplingDefaults
from bachd.training import recipe_kinds
from bachd.training.corpus.model import Corpus, CorpusError
from bachd.yamlfile import keys, kinds
from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.keys import section, setting
from bachd.yamlfile.nodes import MalformedError
from bachd.yamlfile.text import read as read_text

FILE: Final = "train.yaml"
"""What a recipe is called in a bundle's folder."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """Which pieces a bundle brings to start from."""

    count: int = setting(32, kinds.whole(1, 500), "At most so many.")
    first: tuple[str, ...] = setting(
        (), kinds.texts(), "Names of pieces that are seeds although they were trained on, because people know them."
    )
    public_domain_only: bool = setting(
        False, kinds.switch(), "Whether to pass over pieces whose encoding is under a licence."
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """What train.yaml says. All but the first three and `seeds` decides what a run learns."""

    name: str = setting("unnamed", recipe_kinds.bundle_name(), "Of the bundle.")
    description: str = setting("", kinds.text(), "What the bundle plays, in a few words.")
    corpus: str | None = setting(None, kinds.text(), "'chorales', or None for a folder that the command line names.")
    hear: Table[str, int] = setting(
        {},
        recipe_kinds.counts(),
        "Sub-folders of the corpus to train on, and how often an epoch hears each; empty for everything once.",
    )
    hold: tuple[str, ...] = setting(
        (), kinds.texts(), "Sub-folders whose held-out works choose and test; empty for those heard."
    )
    width: int = setting(224, kinds.whole(1, 4096), "Channels of the trunk.")
    hidden: int = setting(256, recipe_kinds.hidden(), "Channels of the head, and of what the trunk hands to it.")
    dilations: tuple[int, ...] = setting(
        (1, 2, 4, 8, 16, 8),
        recipe_kinds.dilations(),
        "Events that each block of the trunk looks back; together all of the context but one.",
    )
    dropout: float = setting(
        0.2, kinds.number(0, 0.9), "Share of the channels that are silenced at random in training."
    )
    intervals: bool = setting(
        True,
        kinds.switch(),
        """Whether the network sees and says intervals beside pitches. It learns faster then, and more from little
        music; but from much of it better without, for what it is shown in one key it knows by heart in all.""",
    )
    hide: float = setting(
        0.0,
        kinds.number(0, 0.9),
        "Share of the events in the context that are hidden at random in training: against learning pieces by heart.",
    )
    epochs: int = setting(240, kinds.whole(1, 100_000), "Passes over the pieces.")
    crop: int = setting(128, kinds.whole(1, 4096), "Predictions a crop.")
    size: int = setting(8, kinds.whole(1, 4096), "Crops a step: about 700 events.")
    peak: float = setting(
        2.5e-3,
        kinds.number(1e-7, 1),
        "Highest learning rate; it rises over the first tenth of the run and falls as a cosine.",
    )
    decay: float = setting(0.05, kinds.number(0, 1), "Decoupled weight decay (AdamW).")
    average: float = setting(
        0.998, kinds.number(0, 0.99999), "Decay a step of the running average of the weights, which is what is kept."
    )
    restraint: float = setting(1e-3, kinds.number(0, 1), "Weight of the mean square of the logits, in nats a symbol.")
    smoothing: float = setting(
        0.0,
        kinds.number(0, 0.5),
        "Share of each symbol's target that is spread evenly over what is possible (Szegedy et al. 2016).",
    )
    transpose: tuple[int, int] = setting(
        (-5, 6),
        recipe_kinds.transpose(),
        "Semitones by which a piece may be moved, so that all keys are heard equally often.",
    )
    rng: int = setting(
        1,
        kinds.whole(0, 2**32 - 1),
        "Fixes the first weights, the order and the keys of the pieces, and what dropout silences.",
    )
    seeds: Seeds = section(Seeds())
    sampling: SamplingDefaults = setting(
        SamplingDefaults(), recipe_kinds.sampling(), "How the bundle is drawn from where config.yaml does not say."
    )

    def heard(self, corpus: Corpus) -> list[Piece]:
        """The pieces of one epoch, repeated as often as it hears them. Raises CorpusError for an unknown folder."""
        times = self.hear.items() or [("", 1)]
        return [
            piece
            for folder, count in times
            for piece in corpus.within((folder,) if folder else ()).pieces("train") * count
        ]

    def held(self, corpus: Corpus) -> Corpus:
        """The works among which the held-out ones count. Raises CorpusError for an unknown folder."""
        return corpus.within(self.hold or tuple(self.hear))

    def require(self, corpus: Corpus) -> None:
        """Raise CorpusError when there is nothing to train on, to choose by or to test with."""
        held = self.held(corpus)
        found = {"train on": self.heard(corpus), "choose by": held.pieces("valid"), "test with": held.pieces("test")}
        for purpose, pieces in found.items():
            if not pieces:
                folders = ", ".join(self.hold or self.hear) or "it"
                raise CorpusError(f"corpus {corpus.name} has nothing to {purpose} in {folders}; see hear and hold")


def read(path: Path) -> Recipe:
    """Return the recipe in a file. Raises ConfigError with all its faults, one a line."""
    if not path.exists():
        raise ConfigError(
            [Fault(None, "", f"there is no such file; give a recipe such as models/chorales/{FILE}")], path
        )
    return parse(read_text(path), path)


def parse(text: str, path: Path) -> Recipe:
    """Return the recipe in a text, the content of `path`. Raises ConfigError with all its faults, one a line."""
    try:
        tree = yaml_parse.read(text)
    except MalformedError as error:
        raise ConfigError([Fault(error.line, "", error.what)], path) from None
    faults = Faults(path)
    recipe = keys.read(Recipe, Section("", tree, keys.names(Recipe), faults))
    faults.check()
    return recipe
