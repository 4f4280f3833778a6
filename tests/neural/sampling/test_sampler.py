from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music import hands
from bachd.music.event import Event, parse, parse_line, print_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.features import END, END_OF_PIECE, HOLD, LENGTHS, LOGITS, LOWEST, START, SYMBOLS, FloatArray
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.guidance import Guidance, Recalled
from bachd.neural.sampling.sampler import MOST_NOTES, Sampler
from tests.neural.fakes import SURE, FixedModel, ScriptedModel, restless

HIDDEN = np.zeros((1, 1), np.int8)


def sampler(
    model: Model,
    rng: Random | None = None,
    temperature: float = 0.95,
    top_p: float = 0.98,
    pitches: tuple[int, int] = (24, 95),
) -> Sampler:
    return Sampler(model, rng or Random(1), temperature=temperature, top_p=top_p, pitches=pitches)


def says(symbols: dict[int, float], lengths: dict[int, float] | None = None) -> FixedModel:
    """A model with these logits, by symbol and by ticks; all others are hopeless."""
    logits = np.full(LOGITS, -SURE, np.float32)
    for symbol, value in symbols.items():
        logits[symbol] = value
    for ticks, value in (lengths or {24: 0.0}).items():
        logits[SYMBOLS + LENGTHS.index(ticks)] = value
    return FixedModel(lambda: logits)


@pytest.mark.parametrize("text", ["C4", "A2.~E3.G#3.C5:0.5", "~A2.~E3:3", "R:1/3", "C1.B6:8"])
def test_it_spells_what_the_model_wants(text: str) -> None:
    model = ScriptedModel([parse(text)])
    sounded = (45, 52)
    model.encode(model.context())
    assert str(sampler(model).sample(HIDDEN, sounded)) == text


def test_it_asks_the_model_once_a_note_and_once_for_the_end() -> None:
    model = ScriptedModel([parse("C3.E3.G3")])
    model.encode(model.context())
    sampler(model).sample(HIDDEN, ())
    assert model.spoken == 4


def test_fine_ends_the_piece_but_never_a_chord() -> None:
    assert sampler(says({END_OF_PIECE: 2.0, START + 40: 0.0}), temperature=0).sample(HIDDEN, ()) is None
    event = sampler(says({END_OF_PIECE: 2.0, START + 40: 3.0, END: 0.0}), temperature=0).sample(HIDDEN, ())
    assert event == Event((LOWEST + 40,), (), 24)


def test_only_what_sounded_can_be_held_and_only_what_lies_in_range_can_sound() -> None:
    eager = says({HOLD + 30: 9.0, HOLD + 20: 8.0, START + 50: 7.0, START + 25: 6.0, END: 0.0})
    low, high = LOWEST + 22, LOWEST + 40
    assert sampler(eager, temperature=0).sample(HIDDEN, (LOWEST + 20, LOWEST + 30)) == parse("~G#2.~F#3")
    narrow = sampler(eager, temperature=0, pitches=(low, high))
    assert narrow.sample(HIDDEN, (LOWEST + 20, LOWEST + 30)) == parse("C#3.~F#3")
    assert narrow.sample(HIDDEN, ()) == parse("C#3")


@pytest.mark.parametrize(
    ("before", "wanted", "spelled"),
    [
        ("C4.G4", "D4.A4", "E4.A4"),  # a fifth would move up as a fifth
        ("C4.C5", "D4.D5", "E4.D5"),
        ("C3.C5", "D3.D5", "E3.D5"),  # an octave more between them
        ("C4.G4", "C4.G4", "C4.G4"),  # struck again, neither moves
        ("C4.F4", "D4.A4", "D4.A4"),  # a fourth that becomes a fifth
        ("C4.G4", "~C4.A4", "~C4.A4"),
    ],
)
def test_voices_are_kept_from_parallels_where_that_is_asked_for(before: str, wanted: str, spelled: str) -> None:
    event, sounded = parse(wanted), parse(before).sounding
    second = START + parse("E3" if "C3" in before else "E4").starts[0] - LOWEST

    def logits() -> FloatArray:
        values = ScriptedModel([event], 20.0)
        values.encode(values.context())
        said = values.head_logits(HIDDEN, told[-1], sounded)
        said[second] = 10.0
        return said

    told: list[list[int]] = []

    class Listening(FixedModel):
        def head_logits(
            self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
        ) -> FloatArray:
            told.append(list(chosen))
            return super().head_logits(hidden, chosen, sounded)

    free, led = (
        Sampler(Listening(logits), Random(1), temperature=0, top_p=1, pitches=(24, 95), leading=leading)
        for leading in (False, True)
    )
    assert free.sample(HIDDEN, sounded) == event
    assert str(led.sample(HIDDEN, sounded)) == spelled


def test_notes_are_drawn_to_the_pitch_classes_of_the_piece_they_grew_from() -> None:
    even = says({START + step: 0.0 for step in range(48)})
    home = Piece("in C", parse_line("C4 C4 C4 C4 E4 G4 G4"), Grid())

    def heard(key: float) -> Counter[int]:
        drawing = Sampler(even, Random(2), temperature=1, top_p=1, pitches=(24, 71), key=key)
        drawing.adapt(home)
        return Counter(event.starts[-1] % 12 for event in (drawing.sample(HIDDEN, ()) for _ in range(1500)) if event)

    free, drawn = heard(0), heard(1)
    assert len(free) == 12
    # C, E, G and any other were heard 4, 1, 2 and 0 times, and each counts once more.
    assert drawn[0] > 1.5 * drawn[7] > 1.5 * drawn[4] > 1.2 * max(drawn[pc] for pc in (1, 2, 3, 5, 6, 8, 9, 10, 11))
    assert heard(2)[0] > drawn[0]


def test_a_chord_has_no_more_notes_than_midi_has_channels() -> None:
    model = says({START + step: float(step) for step in range(features.PITCHES)} | {END: -SURE})
    event = sampler(model, temperature=0).sample(HIDDEN, ())
    assert event is not None
    assert event.starts == tuple(range(features.HIGHEST - MOST_NOTES + 1, features.HIGHEST + 1))


@pytest.mark.parametrize("most", [1, 3, 4])
def test_no_event_has_more_notes_than_are_wanted(most: int) -> None:
    drawing = sampler(restless(Random(1)), pitches=(36, 84))
    for _ in range(50):
        event = drawing.sample(HIDDEN, (48, 60), Guidance(most=most))
        assert event is not None
        assert len(event.sounding) <= most


def test_music_that_grew_from_what_two_hands_play_stays_playable() -> None:
    drawing = sampler(restless(Random(1)), pitches=(24, 95))
    free = [drawing.sample(HIDDEN, ()) for _ in range(200)]
    assert not all(event is None or hands.fit(event.sounding) for event in free)
    drawing.adapt(Piece("two hands", parse_line("C3.G4 D3.F4"), Grid()))
    bound = [drawing.sample(HIDDEN, ()) for _ in range(200)]
    assert all(event is None or hands.fit(event.sounding) for event in bound)


def test_a_second_note_is_as_likely_as_the_model_has_it_however_small_top_p_is() -> None:
    model = says({START + 60 - LOWEST: 0.0, START + 50 - LOWEST: -2.0, END: 0.0})
    drawing = sampler(model, temperature=1, top_p=0.5)
    events = [drawing.sample(HIDDEN, (), Guidance(top=Recalled(START + 60 - LOWEST, 1e9))) for _ in range(2000)]
    chords = sum(event is not None and len(event.sounding) == 2 for event in events)
    assert chords / 2000 == pytest.approx(np.exp(-2) / (1 + np.exp(-2)), abs=0.03)


def test_temperature_zero_takes_the_likeliest_and_no_random_number() -> None:
    rng = Random(3)
    before = rng.getstate()
    model = says({END: 0.0}, {12: 1.0, 24: 1.1, 48: 0.9})
    assert {sampler(model, rng, temperature=0).sample(HIDDEN, ()) for _ in range(20)} == {parse("R")}
    assert rng.getstate() == before


def lengths_drawn(logits: dict[int, float], draws: int = 4000, **settings: float) -> dict[int, float]:
    drawing = sampler(says({END: SURE}, logits), **settings)  # type: ignore[arg-type]
    events = [drawing.sample(HIDDEN, ()) for _ in range(draws)]
    return {ticks: count / draws for ticks, count in Counter(event.ticks for event in events if event).items()}


LOGITS_OF_FIVE = {12: np.log(0.5), 24: np.log(0.25), 36: np.log(0.15), 48: np.log(0.07), 96: np.log(0.03)}


@pytest.mark.parametrize(
    ("top_p", "nucleus"),
    [
        (1.0, {12: 0.5, 24: 0.25, 36: 0.15, 48: 0.07, 96: 0.03}),
        (0.96, {12: 0.5, 24: 0.25, 36: 0.15, 48: 0.07}),
        (0.88, {12: 0.5, 24: 0.25, 36: 0.15}),
        (0.6, {12: 0.5, 24: 0.25}),
        (0.4, {12: 0.5}),
    ],
)
def test_top_p_keeps_the_likeliest_and_their_proportions(top_p: float, nucleus: dict[int, float]) -> None:
    drawn = lengths_drawn(LOGITS_OF_FIVE, temperature=1.0, top_p=top_p)
    assert drawn.keys() == nucleus.keys()
    whole = sum(nucleus.values())
    assert drawn == pytest.approx({ticks: share / whole for ticks, share in nucleus.items()}, abs=0.03)


def test_temperature_sharpens_and_flattens() -> None:
    drawn = lengths_drawn({12: 1.0, 24: 0.0}, temperature=0.5, top_p=1.0)
    assert drawn[12] == pytest.approx(1 / (1 + np.exp(-2)), abs=0.02)
    warm = sampler(says({END: SURE}, {12: 1.0, 24: 0.0}), temperature=0.5, top_p=1.0)
    events = [warm.sample(HIDDEN, (), temperature_boost=1.5) for _ in range(4000)]
    assert events.count(parse("R:0.5")) / 4000 == pytest.approx(1 / (1 + np.exp(-0.5)), abs=0.03)


class LastNumber(Random):
    """Always the largest number below one."""

    def random(self) -> float:
        return 1 - 2**-53


@pytest.mark.parametrize("top_p", [1.0, 0.98])
def test_the_largest_random_number_draws_nothing_that_is_forbidden(top_p: float) -> None:
    model = says(
        {START + step: 0.0 for step in range(features.PITCHES)} | {END_OF_PIECE: SURE, END: 0.0, HOLD + 5: SURE}
    )
    drawing = sampler(model, LastNumber(), top_p=top_p, pitches=(40, 60))
    model_without_fine = says({START + 20: 0.1, START + 30: 0.1, END: -3.0})
    assert drawing.sample(HIDDEN, ()) is None
    event = sampler(model_without_fine, LastNumber(), top_p=top_p).sample(HIDDEN, ())
    assert event is not None
    assert set(event.sounding) <= {LOWEST + 20, LOWEST + 30}


pitch_numbers = st.integers(features.LOWEST, features.HIGHEST)


@given(
    st.integers(),
    st.sets(pitch_numbers, max_size=8),
    st.tuples(pitch_numbers, pitch_numbers).map(sorted),
    st.sampled_from([0, 1e-9, 0.1, 0.95, 2.0]),
    st.floats(0.1, 1.0),
)
def test_every_event_is_one_the_layout_can_say(
    seed: int, sounded: set[int], ends: list[int], temperature: float, top_p: float
) -> None:
    pitches = (ends[0], ends[1])
    before = tuple(sorted(sounded))
    event = sampler(restless(Random(seed)), Random(seed), temperature, top_p, pitches).sample(HIDDEN, before)
    assert event is not None
    assert set(event.held) <= sounded
    assert all(ends[0] <= pitch <= ends[1] for pitch in event.sounding)
    assert len(event.sounding) <= MOST_NOTES
    assert features.to_layout(event) == (event,)


def test_the_same_numbers_give_the_same_music_and_others_do_not() -> None:
    def music(seed: int) -> str:
        drawing = sampler(restless(Random(5)), Random(seed))
        return print_line(event for event in (drawing.sample(HIDDEN, ()) for _ in range(20)) if event)

    assert music(1) == music(1)
    assert music(1) != music(2)
