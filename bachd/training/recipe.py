"""Read train.yaml: all that decides what a model learns, and what of it becomes a bundle.

Law: a file gives a recipe or one report of all its faults with their lines; two runs of one recipe on one corpus learn
the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError, Fault
from bachd.music.piece import Piece
from bachd.neural.bundle.card import SamplingDefaults
from bachd.training import recipe_kinds
from bachd.training.corpus.model import Corpus, CorpusError
from bachd.training.old_names import with_new_names
from bachd.yamlfile import keys, kinds
from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.keys import section, setting
from bachd.yamlfile.nodes import MalformedError
from bachd.yamlfile.text import read as read_text

FILE: Final = "train.yaml"
"""What a recipe is called in a bundle's folder."""
FORM: Final = ("long_ends", "returns", "sequences", "imitations")
"""Parts of `Habits` that a recipe may choose."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Which pieces a bundle brings to start from."""

    count: int = setting(32, kinds.whole(1, 500), "At most so many.")
    first: tuple[str, ...] = setting(
        (),
        kinds.texts(most=500),
        "Names of pieces that are seeds although they were trained on, because people know them.",
    )
    public_domain_only: bool = setting(
        False, kinds.switch(), "Whether to pass over pieces whose encoding is under a licence."
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Contents of train.yaml. All but the first four, `harmony` and `seeds` affects `fit`."""

    name: str = setting("unnamed", recipe_kinds.bundle_name(), "Of the bundle.")
    description: str = setting("", kinds.text(), "What the bundle plays, in a few words.")
    program: int = setting(
        1, kinds.program(), "The General MIDI program that fits the music, {limits} or a name, for bachd's loudspeaker."
    )
    corpus: str | None = setting(None, kinds.text(), "'chorales', or None for a folder that the command line names.")
    train_on: Table[str, int] = setting(
        {},
        recipe_kinds.counts(),
        "Sub-folders of the corpus to train on, and how often an epoch repeats each; empty for everything once.",
    )
    hold_out: tuple[str, ...] = setting(
        (), kinds.texts(), "Sub-folders whose held-out works choose and test; empty for those trained on."
    )
    use_all: bool = setting(
        False,
        kinds.switch(),
        """Whether to train on the held-out works, too. Then nothing shows when the network only learns by heart: the
        last epoch is kept instead of the best one, and the figures are those of pieces it knows.""",
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
    context_dropout: float = setting(
        0.0,
        kinds.number(0, 0.9),
        "Share of the events in the context that are hidden at random in training: against learning pieces by heart.",
    )
    unplanned: float = setting(
        0.15, kinds.number(0, 1), "Share of the pieces in an epoch that are shown without their phrases and keys."
    )
    given: float = setting(
        0.0,
        kinds.number(0, 1),
        "Share of the pieces in an epoch whose top voice is given, so that the network can play with a person.",
    )
    altered: float = setting(
        0.0,
        kinds.number(0, 1),
        "Share of the pieces whose past is altered in spans, below the top voice: against being led away by mistakes.",
    )
    own_past: int = setting(
        0,
        kinds.whole(0, 100_000),
        """Epochs after which the network plays the pieces itself, with the top voice given, again and again; what it
        played is the past below a given voice from then on. 0 is never.""",
    )
    harmony: int = setting(
        0,
        kinds.whole(0, 100_000),
        """Passes over the pieces of the small graph that names the chord under a note of a melody, which export trains;
        0 is for a bundle without it.""",
    )
    epochs: int = setting(240, kinds.whole(1, 100_000), "Passes over the pieces to train on.")
    crop_length: int = setting(128, kinds.whole(1, 4096), "Predictions a crop.")
    batch_size: int = setting(8, kinds.whole(1, 4096), "Crops a step: about 700 events.")
    learning_rate: float = setting(
        2.5e-3,
        kinds.number(1e-7, 1),
        "Highest learning rate; it rises over the first tenth of the run and falls as a cosine.",
    )
    weight_decay: float = setting(0.05, kinds.number(0, 1), "Decoupled weight decay (AdamW).")
    ema_decay: float = setting(
        0.998,
        kinds.number(0, 0.99999),
        "Decay a step of the exponential moving average of the weights, which is what is kept.",
    )
    logit_penalty: float = setting(
        1e-3, kinds.number(0, 1), "Weight of the mean square of the logits, in nats a symbol."
    )
    label_smoothing: float = setting(
        0.0,
        kinds.number(0, 0.5),
        "Share of each symbol's target that is spread evenly over what is possible (Szegedy et al. 2016).",
    )
    transpose: tuple[int, int] = setting(
        (-5, 6),
        recipe_kinds.transpose(),
        "Semitones by which a piece may be moved, so that all keys occur equally often.",
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
    form: Table[str, float] = setting(
        {},
        recipe_kinds.shares(*FORM),
        "What of the form of pieces is chosen and not counted, as shares: " + ", ".join(FORM) + ".",
    )

    def fit_to(self, corpus: Corpus) -> Recipe:
        """Return the recipe for a corpus that has none of its folders: there, everything is trained on."""
        named = dict.fromkeys((*self.train_on, *self.hold_out))
        if not named or any(corpus.has_folder(folder) for folder in named):
            return self
        log.warning("%s has no folder %s: training on everything in it", corpus.name, ", ".join(named))
        known = {work.piece.name for work in corpus.works}
        first = tuple(name for name in self.seeds.first if name in known)
        return replace(self, train_on={}, hold_out=(), seeds=replace(self.seeds, first=first))

    def training_pieces(self, corpus: Corpus) -> list[Piece]:
        """The pieces of one epoch, repeated as often as it has them. Raises CorpusError for an unknown folder."""
        times = self.train_on.items() or [("", 1)]
        return [
            work.piece
            for folder, count in times
            for work in corpus.within((folder,) if folder else ()).works * count
            if self.use_all or work.split == "train"
        ]

    def sides(self, corpus: Corpus) -> dict[str, list[Piece]]:
        """What decides what a run learns: 'train', each piece once, and 'valid', by which the best epoch is chosen."""
        train = {piece.name: piece for piece in self.training_pieces(corpus)}
        return {
            "train": list(train.values()),
            "valid": [] if self.use_all else self.held_out_works(corpus).pieces("valid"),
        }

    def held_out_works(self, corpus: Corpus) -> Corpus:
        """The works among which the held-out ones count. Raises CorpusError for an unknown folder."""
        return corpus.within(self.hold_out or tuple(self.train_on))

    def require(self, corpus: Corpus) -> None:
        """Raise CorpusError when there is nothing to train on, to choose by or to test with."""
        found = {"train on": self.training_pieces(corpus)}
        if not self.use_all:
            held = self.held_out_works(corpus)
            found |= {"choose by": held.pieces("valid"), "test with": held.pieces("test")}
        for purpose, pieces in found.items():
            if not pieces:
                folders = ", ".join(self.hold_out or self.train_on) or "it"
                raise CorpusError(
                    f"corpus {corpus.name} has nothing to {purpose} in {folders}; see train_on and hold_out"
                )


def read(path: Path) -> Recipe:
    """Return the recipe in a file. Raises ConfigError with all its faults, one a line."""
    if path.is_dir():
        raise ConfigError([Fault(None, "", f"is a folder; give a recipe, and that with --corpus {path}")], path)
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
    tree = with_new_names(tree, path)
    faults = Faults(path)
    recipe = keys.read(Recipe, Section("", tree, keys.names(Recipe), faults))
    faults.check()
    return recipe
