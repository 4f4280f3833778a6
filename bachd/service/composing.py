"""A composer as the settings ask for one.

Law: the same settings and the same rng give the same music, whoever asks.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bachd.config import Config
from bachd.errors import SeedError
from bachd.music import midifile, smf
from bachd.music.piece import Piece
from bachd.neural.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.model import TfliteModel
from bachd.neural.sampler import Sampler


def open_composer(config: Config, rng: int) -> Composer:
    """Load and check all that composing needs. Raises ModelError and SeedError."""
    bundle = Bundle.open(config.model)
    model = TfliteModel.open(bundle.folder)
    random = Random(rng)
    sampler = Sampler(
        model,
        random,
        temperature=config.sampling.temperature,
        top_p=config.sampling.top_p,
        pitches=config.sampling.range or bundle.card.pitches,
    )
    return Composer(
        model,
        sampler,
        first=_first(bundle, config.seed.piece, random),
        others=bundle.seed_names,
        load=bundle.seed,
        bars=config.seed.bars,
        rng=random,
    )


def _first(bundle: Bundle, piece: str | None, random: Random) -> Piece:
    """The piece that the music grows from: a .mid file's, the bundle's of that name, or any of the bundle's."""
    if piece is None:
        return bundle.seed(random.choice(bundle.seed_names))
    path = Path(piece)
    if not path.is_absolute():
        return bundle.seed(piece)
    try:
        with path.open("rb") as file:
            data = file.read(smf.MOST_BYTES + 1)
    except OSError as fault:
        raise SeedError(f"{path}: cannot be read: {fault.strerror}") from None
    return midifile.read(data, path.name)
