"""Read train.yaml: all that decides what a model learns, and what of it becomes a bundle.

Law: a file gives a recipe or one report of all its faults with their lines; two runs of one recipe on one corpus learn
the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import SAMPLING_LIMITS, SamplingDefaults
from bachd.training.corpus.model import Corpus, CorpusError
from bachd.training.old_names import with_new_names
from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.nodes import MalformedError, Mapping, Node

FILE: Final = "train.yaml"
"""What a recipe is called in a bundle's folder."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


log = logging.getLogger(__name__)


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
    train_on: Table[str, int] = field(default_factory=dict)
    """Sub-folders of the corpus to train on, and how often an epoch repeats each; empty for everything once."""
    hold_out: tuple[str, ...] = ()
    """Sub-folders whose held-out works choose and test; empty for those trained on."""
    use_all: bool = False
    """Whether to train on the held-out works, too. Then nothing shows when the network only learns by heart: the last
    epoch is kept instead of the best one, and the figures are those of pieces it knows."""
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
    context_dropout: float = 0.0
    """Share of the events in the context that are hidden at random in training: against learning pieces by heart."""
    epochs: int = 240
    """Passes over the pieces to train on."""
    crop_length: int = 128
    """Predictions a crop."""
    batch_size: int = 8
    """Crops a step: about 700 events."""
    learning_rate: float = 2.5e-3
    """Highest learning rate; it rises over the first tenth of the run and falls as a cosine."""
    weight_decay: float = 0.05
    """Decoupled weight decay (AdamW)."""
    ema_decay: float = 0.998
    """Decay a step of the exponential moving average of the weights, which is what is kept."""
    logit_penalty: float = 1e-3
    """Weight of the mean square of the logits, in nats a symbol."""
    label_smoothing: float = 0.0
    """Share of each symbol's target that is spread evenly over what is possible (Szegedy et al. 2016)."""
    transpose: tuple[int, int] = (-5, 6)
    """Semitones by which a piece may be moved, so that all keys are heard equally often."""
    rng: int = 1
    """Fixes the first weights, the order and the keys of the pieces, and what dropout silences."""
    seeds: Seeds = field(default_factory=Seeds)
    sampling: SamplingDefaults = field(default_factory=SamplingDefaults)
    """How the bundle is drawn from where config.yaml does not say."""

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
    tree = with_new_names(tree, path)
    faults = Faults(path)
    top = Section("", tree, [each.name for each in fields(Recipe)], faults)
    recipe = _recipe(top, _keys(tree, "train_on"))
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
    train_on, seeds = top.section("train_on", folders), top.section("seeds", [each.name for each in fields(Seeds)])
    sampling = top.section("sampling", list(SAMPLING_LIMITS))
    return Recipe(
        name=_name(top, usual.name),
        description=top.text("description", usual.description),
        corpus=top.text("corpus", usual.corpus),
        train_on={folder: train_on.whole(folder, 1, 100, 1) for folder in folders},
        hold_out=top.texts("hold_out", usual.hold_out),
        use_all=top.switch("use_all", usual.use_all),
        width=top.whole("width", 1, 4096, usual.width),
        hidden=_hidden(top, usual.hidden),
        dilations=_dilations(top, usual.dilations),
        dropout=top.number("dropout", 0, 0.9, usual.dropout),
        intervals=top.switch("intervals", usual.intervals),
        context_dropout=top.number("context_dropout", 0, 0.9, usual.context_dropout),
        epochs=top.whole("epochs", 1, 100_000, usual.epochs),
        crop_length=top.whole("crop_length", 1, 4096, usual.crop_length),
        batch_size=top.whole("batch_size", 1, 4096, usual.batch_size),
        learning_rate=top.number("learning_rate", 1e-7, 1, usual.learning_rate),
        weight_decay=top.number("weight_decay", 0, 1, usual.weight_decay),
        ema_decay=top.number("ema_decay", 0, 0.99999, usual.ema_decay),
        logit_penalty=top.number("logit_penalty", 0, 1, usual.logit_penalty),
        label_smoothing=top.number("label_smoothing", 0, 0.5, usual.label_smoothing),
        transpose=_transpose(top, usual.transpose),
        rng=top.whole("rng", 0, 2**32 - 1, usual.rng),
        sampling=SamplingDefaults(
            **{
                name: sampling.number(name, *ends, getattr(usual.sampling, name))
                for name, ends in SAMPLING_LIMITS.items()
            }
        ),
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
