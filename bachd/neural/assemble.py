"""Build a bundle's sampler and composer, with the bundle's defaults where no setting replaces them.

Law: what plays, what renders and what is evaluated are put together here.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from bachd.errors import ModelError
from bachd.music.keys import Key
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import SamplingDefaults
from bachd.neural.composer import Composer
from bachd.neural.model import Model
from bachd.neural.planning.effort import MOST, Adaptive, Effort, Fixed
from bachd.neural.planning.texture import Texture
from bachd.neural.sampling.sampler import Sampler

if TYPE_CHECKING:
    from bachd.neural.harmonise.harmoniser import Harmoniser
    from bachd.neural.harmonise.harmony import HarmonyGraph

AUTO: Final = "auto"
SUREST: Final = 0.0
"""The temperature at which the likeliest is taken: with this a melody is harmonised, unless somebody says otherwise."""


def sampler(
    bundle: Bundle,
    model: Model,
    rng: Random,
    *,
    temperature: float | None = None,
    top_p: float | None = None,
    key: float | None = None,
    leading: bool = True,
    pitches: tuple[int, int] | None = None,
) -> Sampler:
    """A sampler for a bundle's model; None is as the bundle has it, or for `pitches` near the seed's range."""
    usual = bundle.card.sampling_defaults
    chosen = usual.temperature if temperature is None else temperature
    return Sampler(
        model,
        rng,
        temperature=chosen,
        top_p=usual.top_p if top_p is None else top_p,
        key=usual.key if key is None else key,
        pitches=pitches or bundle.card.pitches,
        leading=leading,
        length_temperature=_length_temperature(usual, chosen),
        length_top_p=usual.length_top_p,
        seed_range=pitches is None,
    )


def _length_temperature(usual: SamplingDefaults, temperature: float) -> float | None:
    """The temperature of lengths: what the bundle has for them, raised or lowered as that of notes is."""
    if usual.length_temperature is None:
        return None
    return usual.length_temperature * (temperature / usual.temperature if usual.temperature else 1.0)


def composer(
    bundle: Bundle, model: Model, drawing: Sampler, *, first: Piece, bars: int, rng: Random, lookahead: int | str = MOST
) -> Composer:
    """A composer of a bundle's music. lookahead: a number of candidates, or AUTO for as many as there is time for."""
    return Composer(
        model,
        drawing,
        first=first,
        others=bundle.seed_names,
        load=bundle.seed,
        bars=bars,
        rng=rng,
        habits=bundle.card.habits,
        effort=effort(lookahead),
        memory=bundle.card.sampling_defaults.memory,
        likeness=bundle.card.sampling_defaults.likeness,
    )


def harmoniser(
    bundle: Bundle,
    model: Model,
    drawing: Sampler,
    grid: Grid | None = None,
    key: Key | None = None,
    voice: int = 0,
) -> Harmoniser:
    """What puts other voices to a melody. grid, key: its bar lines and its key, if they are known.

    voice: as in Harmoniser. Raises ModelError as `voices`.
    """
    from bachd.neural.harmonise.harmoniser import Harmoniser

    return Harmoniser(model, drawing, grid, voices(bundle), key, chords(bundle), voice)


def chords(bundle: Bundle) -> HarmonyGraph | None:
    """Open the graph that names chords under a melody; None where the bundle has none for this version of bachd.

    Raises ModelError.
    """
    from bachd.neural.harmonise import melody_features
    from bachd.neural.harmonise.harmony import HarmonyGraph

    told = bundle.card.harmony
    if told is None or told.fingerprint != melody_features.FINGERPRINT:
        return None
    return HarmonyGraph.open(bundle.folder, told.chords)


def voices(bundle: Bundle) -> int:
    """How many voices the music of a bundle has that can harmonise. Raises ModelError for music of one voice."""
    found = Texture.of(bundle.seed(bundle.seed_names[0])).voices
    if found < 2:
        raise ModelError(
            f"model '{bundle.card.name}' plays one voice and cannot harmonise; chorales and keyboard can: set model"
        )
    return found


def require_inner_voices(bundle: Bundle) -> None:
    """Raise ModelError if a bundle cannot put voices between a soprano and a bass that are given."""
    if chords(bundle) is None:
        raise ModelError(
            f"model '{bundle.card.name}' finds no voices between a soprano and a bass; chorales does: "
            "set model, or another together_voice"
        )


def effort(lookahead: int | str) -> Effort:
    """Return the effort for a value of `sampling.lookahead`."""
    return Fixed(lookahead) if isinstance(lookahead, int) else Adaptive()
