"""train.yaml: all that decides what a model learns, and what of it becomes a bundle.

Law: a file gives a recipe or one report of all its faults with their lines; two runs of one recipe on one corpus learn
the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import CARD_LIMITS, SamplingDefaults
from bachd.training.corpus.model import Corpus, CorpusError
from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.nodes import MalformedError, Mapping, Node

FILE: Final = "train.yaml"
"""What a recipe is called in a bundle's folder."""
FORM: Final = ("long_ends", "returns", "sequences", "imitations")
"""Parts of `Habits` that a recipe may choose."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Seeds:
    """Which pieces a bundle brings to start from."""

    count: int = 32
    """At most so many."""
    first: tuple[str, ...] = ()
    """Names of pieces that are seeds although they were trained on, because people know them."""
    public_domain_only: bool = False
    """Whether to pass over pieces whose encoding is under a licence."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What train.yaml says. All but the first three and `seeds` decides what a run learns."""

    name: str = "unnamed"
    """Of the bundle."""
    description: str = ""
    """What the bundle plays, in a few words."""
    corpus: str | None = None
    """'chorales', or None for a folder that the command line names."""
    hear: Table[str, int] = field(default_factory=dict)
    """Sub-folders of the corpus to train on, and how often an epoch hears each; empty for everything once."""
    hold: tuple[str, ...] = ()
    """Sub-folders whose held-out works choose and test; empty for those heard."""
    width: int = 224
    """Channels of the trunk."""
    hidden: int = 256
    """Channels of the head, and of what the trunk hands to it."""
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 8)
    """Events that each block of the trunk looks back; together all of the context but one."""
    dropout: float = 0.2
    """Share of the channels that are silenced at random in training."""
    intervals: bool = True
    """Whether the network sees and says intervals beside pitches. It learns faster then, and more from little music;
    but from much of it better without, for what it is shown in one key it knows by heart in all."""
    hide: float = 0.0
    """Share of the events in the context that are hidden at random in training: against learning pieces by heart."""
    epochs: int = 240
    crop: int = 128
    """Predictions a crop."""
    size: int = 8
    """Crops a step: about 700 events."""
    peak: float = 2.5e-3
    """Highest learning rate; it rises over the first tenth of the run and falls as a cosine."""
    decay: float = 0.05
    """Decoupled weight decay (AdamW)."""
    average: float = 0.998
    """Decay a step of the running average of the weights, which is what is kept."""
    restraint: float = 1e-3
    """Weight of the mean square of the logits, in nats a symbol."""
    smoothing: float = 0.0
    """Share of each symbol's target that is spread evenly over what is possible (Szegedy et al. 2016)."""
    transpose: tuple[int, int] = (-5, 6)
    """Semitones by which a piece may be moved, so that all keys are heard equally often."""
    rng: int = 1
    """Fixes the first weights, the order and the keys of the pieces, and what dropout silences."""
    seeds: Seeds = field(default_factory=Seeds)
    sampling: SamplingDefaults = field(default_factory=SamplingDefaults)
    """How the bundle is drawn from where config.yaml does not say."""
    form: Table[str, float] = field(default_factory=dict)
    """What of the form of pieces is chosen and not counted: shares, by the names in FORM."""

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
    """The recipe in a file. Raises ConfigError with all its faults, one a line."""
    try:
        return parse(path.read_text("utf-8-sig"), path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {reason}; give a recipe such as models/chorales/{FILE}") from None


def parse(text: str, path: Path) -> Recipe:
    """The recipe in a text; `path` is what faults call it. Raises ConfigError with all faults, one a line."""
    try:
        tree = yaml_parse.read(text)
    except MalformedError as error:
        raise ConfigError(f"{path}:{error.line}: {error.what}") from None
    faults = Faults(path)
    top = Section("", tree, [each.name for each in fields(Recipe)], faults)
    recipe = _recipe(top, _keys(tree, "hear"))
    faults.check()
    return recipe


def _keys(tree: Node, name: str) -> list[str]:
    """What stands below a key: the keys there are free, but none may come twice."""
    pairs = tree.pairs if isinstance(tree, Mapping) else ()
    return [
        key.text for found, node in pairs if found.text == name and isinstance(node, Mapping) for key, _ in node.pairs
    ]


def _recipe(top: Section, folders: list[str]) -> Recipe:
    usual = Recipe()
    hear, seeds = top.section("hear", folders), top.section("seeds", [each.name for each in fields(Seeds)])
    sampling = top.section("sampling", list(CARD_LIMITS))
    form = top.section("form", FORM)
    return Recipe(
        name=_name(top, usual.name),
        description=top.text("description", usual.description),
        corpus=top.text("corpus", usual.corpus),
        hear={folder: hear.whole(folder, 1, 100, 1) for folder in folders},
        hold=top.texts("hold", usual.hold),
        width=top.whole("width", 1, 4096, usual.width),
        hidden=_hidden(top, usual.hidden),
        dilations=_dilations(top, usual.dilations),
        dropout=top.number("dropout", 0, 0.9, usual.dropout),
        intervals=top.switch("intervals", usual.intervals),
        hide=top.number("hide", 0, 0.9, usual.hide),
        epochs=top.whole("epochs", 1, 100_000, usual.epochs),
        crop=top.whole("crop", 1, 4096, usual.crop),
        size=top.whole("size", 1, 4096, usual.size),
        peak=top.number("peak", 1e-7, 1, usual.peak),
        decay=top.number("decay", 0, 1, usual.decay),
        average=top.number("average", 0, 0.99999, usual.average),
        restraint=top.number("restraint", 0, 1, usual.restraint),
        smoothing=top.number("smoothing", 0, 0.5, usual.smoothing),
        transpose=_transpose(top, usual.transpose),
        rng=top.whole("rng", 0, 2**32 - 1, usual.rng),
        sampling=SamplingDefaults(
            **{name: sampling.number(name, *ends, getattr(usual.sampling, name)) for name, ends in CARD_LIMITS.items()}
        ),
        form={name: share for name in FORM if (share := form.number(name, 0, 1, None)) is not None},
        seeds=Seeds(
            count=seeds.whole("count", 1, 500, usual.seeds.count),
            first=seeds.texts("first", usual.seeds.first),
            public_domain_only=seeds.switch("public_domain_only", usual.seeds.public_domain_only),
        ),
    )


def _name(top: Section, usual: str) -> str:
    name = top.text("name", usual)
    if not _NAME.fullmatch(name):
        top.fault("name", f"{name!r} is no name for a folder; use small letters, digits, '-' and '_'")
    return name


def _hidden(top: Section, usual: int) -> int:
    hidden = top.whole("hidden", 1, 4096, usual)
    if hidden == features.NOTES:
        top.fault("hidden", f"{hidden} is the width of the notes, and the head tells its inputs apart by their widths")
    return hidden


def _dilations(top: Section, usual: tuple[int, ...]) -> tuple[int, ...]:
    dilations = top.wholes("dilations", 1, features.CONTEXT - 1, usual)
    if sum(dilations) != features.CONTEXT - 1:
        top.fault(
            "dilations", f"they add up to {sum(dilations)} and must to {features.CONTEXT - 1}, to see the context"
        )
    return dilations


def _transpose(top: Section, usual: tuple[int, int]) -> tuple[int, int]:
    ends = top.wholes("transpose", -24, 24, usual)
    if len(ends) != 2 or not ends[0] <= 0 <= ends[-1]:
        top.fault("transpose", "write how far down and how far up, 0 between them: [-5, 6]")
        return usual
    return ends[0], ends[1]
