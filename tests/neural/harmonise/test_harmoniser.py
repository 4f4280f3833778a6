"""Other voices under a melody, by the bundle that comes with bachd and by a model that wants what a script says."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line, print_line
from bachd.music.metre import Grid, Metre
from bachd.neural import assemble, features
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.harmony import Harmony
from bachd.neural.harmonise.melody import Turn, harmonise, outer_lines, top_line
from bachd.neural.harmonise.past import SILENCE
from bachd.neural.model import Model, TfliteModel
from bachd.neural.outlook import Melody
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import ScriptedModel, restless

TUNE = parse_line("G4 A4:0.5 B4:0.5 A4 G4 F#4 G4:2 R D5 C5 B4 A4 G4:4")


@pytest.fixture(scope="module")
def chorales() -> tuple[Bundle, TfliteModel]:
    bundle = Bundle.open("chorales")
    return bundle, TfliteModel.open(bundle.folder)


def scripted(script: str, voices: int = 1) -> tuple[Harmoniser, ScriptedModel]:
    model = ScriptedModel(parse_line(script))
    return with_model(model, voices), model


def with_model(model: Model, voices: int = 4) -> Harmoniser:
    return Harmoniser(model, Sampler(model, Random(1), temperature=0.95, top_p=0.98, pitches=(36, 84)), voices=voices)


def past(window: Int8Array) -> Int8Array:
    """What a window says of what was, not of what comes."""
    return window[..., : features.OUTLOOK]


def accompanist(bundle: Bundle, model: TfliteModel) -> Harmoniser:
    return assemble.harmoniser(bundle, model, assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST))


def test_a_note_is_the_top_of_what_the_network_wants_below_it() -> None:
    harmoniser, _ = scripted("C3.E3.G3.C4 ~C3.F3.A3.C4 D3.~F3.~A3.D4", 4)
    events = [harmoniser.strike(72, 0), harmoniser.strike(72, 24), harmoniser.go_on(48)]
    assert print_line(events) == "C3.E3.G3.C5 ~C3.F3.A3.C5 D3.~F3.~A3.~C5"  # whatever it wants at the top


def test_what_is_cut_short_is_known_as_long_as_it_was() -> None:
    by_length = {}
    for ticks in (6, 24):
        harmoniser, model = scripted("C3.C4:2 C3.D4")
        harmoniser.strike(60, 0)
        harmoniser.strike(62, ticks)
        by_length[ticks] = model.heard[-1]
    assert (by_length[6] != by_length[24]).any()
    harmoniser, model = scripted("C3.C4 C3.D4")
    harmoniser.strike(60, 0)
    harmoniser.strike(62, 24)
    assert (model.heard[-1] == by_length[24]).all()


def test_a_note_that_is_over_at_once_is_not_known() -> None:
    harmoniser, model = scripted("C3.C4 C3.D4 C3.E4")
    for pitch in (60, 62, 64):
        harmoniser.strike(pitch, 0)
    assert all((past(window) == past(model.heard[0])).all() for window in model.heard)
    assert all((window != model.heard[0]).any() for window in model.heard[1:])  # but the note that comes is


def test_after_a_long_silence_a_piece_begins() -> None:
    harmoniser, model = scripted("C3.C4 C3.D4 C3.E4")
    harmoniser.strike(60, 0)
    harmoniser.release(24)
    harmoniser.strike(62, 24 + SILENCE * 96 - 1)
    assert (model.heard[1] != model.heard[0]).any()
    harmoniser.release(240)
    harmoniser.strike(64, 240 + SILENCE * 96)
    assert (model.heard[2] != model.heard[1]).any()
    fresh, other = scripted("C3.C4")
    fresh.strike(60, (240 + SILENCE * 96) % 96)
    assert (past(model.heard[2]) == past(other.heard[0])).all()


@pytest.mark.parametrize("voice", [0, 3])
def test_a_preview_is_what_follows_and_changes_nothing(chorales: tuple[Bundle, TfliteModel], voice: int) -> None:
    bundle, model = chorales
    found = []
    for looks in (False, True):
        drawing = assemble.sampler(bundle, model, Random(1), temperature=1.0)
        harmoniser, tick, events = assemble.harmoniser(bundle, model, drawing, voice=voice), 0, []
        for pitch in (60, 59, 57, 55, 60):
            event = harmoniser.strike(pitch + (0 if voice else 12), tick)
            events.append(event)
            for _ in range(3):
                tick += event.ticks
                expected = harmoniser.preview(tick) if looks else None
                event = harmoniser.go_on(tick)
                assert expected in (None, event)
                events.append(event)
            tick += event.ticks
            if looks:
                harmoniser.preview(tick)  # and the person plays something else
        found.append(events)
    assert found[0] == found[1]


def test_nothing_goes_on_without_a_melody() -> None:
    harmoniser, _ = scripted("C3.C4")
    with pytest.raises(ValueError, match="no note of the melody"):
        harmoniser.go_on(0)
    harmoniser.strike(60, 0)
    harmoniser.release(5)
    harmoniser.release(7)
    assert harmoniser.melody is None


def test_all_voices_are_there_where_there_is_room() -> None:
    harmoniser = with_model(ScriptedModel(parse_line("C4 C4 C4")))
    assert len(harmoniser.strike(72, 0).sounding) == 4
    assert harmoniser.strike(36, 24).sounding == (36,)  # the lowest that it may play


def test_notes_out_of_the_network_s_range_are_moved_by_octaves() -> None:
    harmoniser = with_model(restless(Random(1)))
    assert harmoniser.strike(120, 0).sounding[-1] == 84
    assert harmoniser.strike(0, 24).sounding[-1] == 24


def test_a_melody_is_kept_and_gets_three_voices(chorales: tuple[Bundle, TfliteModel]) -> None:
    found = list(harmonise(accompanist(*chorales), top_line(TUNE)))
    assert top_line(found) == top_line(TUNE)
    assert {len(event.sounding) for event in found} <= {0, 4}
    assert sum(event.ticks for event in found) == sum(event.ticks for event in TUNE)


def test_nothing_of_what_follows_is_known(chorales: tuple[Bundle, TfliteModel]) -> None:
    whole = list(harmonise(accompanist(*chorales), top_line(TUNE)))
    begin = list(harmonise(accompanist(*chorales), top_line(TUNE[:5])))
    assert whole[: len(begin)] == begin


def test_what_begins_on_an_upbeat_is_placed_so(chorales: tuple[Bundle, TfliteModel]) -> None:
    model = ScriptedModel(parse_line("C3.C4"))
    grid = Grid(((0, Metre(3, 4)),), 24)
    Harmoniser(model, Sampler(model, Random(1), temperature=0, top_p=1, pitches=(36, 84)), grid, 1).strike(60, 0)
    context = model.context()
    context.reset(grid.place(0), Melody().outlook(60, held=False))
    assert (model.heard[0] == context.window).all()


def test_a_melody_is_the_highest_notes_and_the_rests() -> None:
    assert top_line(parse_line("C3.E4 ~C3.~E4 ~C3.F4 R C3 ~C3.F4")) == [
        Turn(0, 64),
        Turn(48, 65),
        Turn(72, None),
        Turn(96, 48),
        Turn(120, 65),
        Turn(144, None),
    ]


NOTES = st.tuples(st.integers(0, 127) | st.none(), st.sampled_from([0, 1, 3, 6, 12, 24, 50, 400]))


@settings(max_examples=60, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=30), st.integers(0, 5))
def test_whatever_is_played_the_melody_stays_on_top(notes: list[tuple[int | None, int]], seed: int) -> None:
    turns, tick = [], 0
    for pitch, ticks in notes:
        turns.append(Turn(tick, pitch))
        tick += ticks
    events = list(harmonise(with_model(restless(Random(seed))), [*turns, Turn(tick, None)]))
    assert sum(event.ticks for event in events) == tick
    sounding: tuple[int, ...] = ()
    for event in events:
        assert isinstance(event, Event)
        assert len(event.sounding) <= 16
        assert set(event.held) <= set(sounding) | set(event.sounding)
        sounding = event.sounding


def test_where_nobody_plays_the_melody_it_goes_on_in_all_voices(chorales: tuple[Bundle, TfliteModel]) -> None:
    harmoniser, tick, events = accompanist(*chorales), 0, []
    for _ in range(120):
        events.append(harmoniser.play_alone(tick))
        tick += events[-1].ticks
    assert all(len(event.sounding) == 4 for event in events)
    assert len({event.sounding for event in events}) > 60
    harmoniser.strike(74, tick)
    assert harmoniser.melody == 74
    assert len(harmoniser.play_alone(tick + 24).sounding) == 4
    assert harmoniser.melody is None


def test_the_network_knows_the_note_that_is_given_and_the_keys_of_the_melody_so_far() -> None:
    harmoniser, model = scripted("C3.C4 C3.D4 C3.D4")
    known, context = Melody(), model.context()
    harmoniser.strike(60, 0)
    harmoniser.strike(62, 24)
    known.push(60, 24)
    context.reset(Grid().place(0), Melody().outlook(60, held=False))
    context.push(parse_line("C4")[0], Grid().place(24), known.outlook(62, held=False))
    assert (model.heard[1] == context.window).all()
    harmoniser.go_on(36)
    known.push(62, 12)
    context.push(parse_line("D4:0.5")[0], Grid().place(36), known.outlook(62, held=True))
    assert (model.heard[2] == context.window).all()


def test_the_graph_of_a_bundle_chooses_the_chords_and_they_are_set_out_with_all_their_notes(
    chorales: tuple[Bundle, TfliteModel],
) -> None:
    bundle, model = chorales

    class Always:
        """Names one chord, whatever the melody is, after one that cannot be set out."""

        def likeliest(self, row: object, pitch: int, having: int | None = None) -> list[tuple[float, Harmony]]:
            fifth, third = (pitch + 7) % 12, (pitch + 4) % 12
            return [(0, Harmony(frozenset({pitch % 12, third, fifth}), third)), (1, Harmony(frozenset(range(12)), 0))]

    drawing = assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST)
    led = Harmoniser(model, drawing, chords=Always())  # type: ignore[arg-type]
    free = Harmoniser(model, drawing)
    strikes = [(turn.pitch, turn.tick) for turn in top_line(TUNE) if turn.pitch is not None]
    events = [led.strike(pitch, tick, in_time=False) for pitch, tick in strikes]
    for event, (pitch, _) in zip(events, strikes, strict=True):
        top, bass = event.sounding[-1], event.sounding[0]
        assert top == pitch
        assert {(each - top) % 12 for each in event.sounding} == {0, 4, 7}
        assert (bass - top) % 12 == 4
    freely = [free.strike(pitch, tick).sounding for pitch, tick in strikes]
    assert [event.sounding for event in events] != freely


def test_a_chord_is_asked_for_again_on_each_quarter_of_a_long_note(chorales: tuple[Bundle, TfliteModel]) -> None:
    harmoniser = accompanist(*chorales)
    harmoniser.strike(67, 0)
    tick, ends = 24, set()
    event = harmoniser.strike(72, tick)
    while tick < 120:
        tick += event.ticks
        ends.add(tick)
        event = harmoniser.go_on(tick)
    assert {48, 72, 96, 120} <= ends


def test_between_a_melody_and_a_bass_that_are_given_there_are_two_voices(
    chorales: tuple[Bundle, TfliteModel],
) -> None:
    harmoniser = accompanist(*chorales)
    for beat, (top, bass) in enumerate(((72, 48), (74, 47), (76, 48), (77, 41), (79, 43), (79, 31), (72, 48))):
        harmoniser.bass = bass
        event = harmoniser.strike(top, 24 * beat)
        assert event.sounding[-1] == top
        assert event.sounding[0] == (bass if bass > 35 else bass + 12)  # 36 is the lowest note that it plays
        assert harmoniser.given == {event.sounding[-1], event.sounding[0]}
        assert len(event.sounding) == 4
    harmoniser.bass = 52
    moved = harmoniser.go_on(24 * 6 + 12)
    assert (moved.sounding[0], moved.sounding[-1]) == (52, 72)
    assert 72 in moved.held
    harmoniser.bass = 71
    assert len(harmoniser.strike(72, 24 * 7).sounding) == 4  # there is no room for two voices between them
    assert harmoniser.given == {72}
    harmoniser.bass = None
    assert harmoniser.strike(72, 24 * 8).sounding[0] != 71


def test_highest_and_lowest_notes_are_a_melody_with_a_bass() -> None:
    assert outer_lines(parse_line("C3.E4.G4 D3.F4.~G4 D3.G4 G4 R")) == [
        Turn(0, 67, 48),
        Turn(24, 67, 50, held=True),
        Turn(48, 67, 50),
        Turn(72, 67),
        Turn(96, None),
        Turn(120, None),
    ]


def test_where_no_chord_can_be_set_out_the_network_is_free() -> None:
    class Never:
        def likeliest(self, row: object, pitch: int, having: int | None = None) -> list[tuple[float, Harmony]]:
            return [(0, Harmony(frozenset(range(12)), 0))]

    model = ScriptedModel(parse_line("C3.E3.G3.C4 C3.F3.A3.C4"))
    sampler = Sampler(model, Random(1), temperature=0, top_p=1, pitches=(36, 84))
    harmoniser = Harmoniser(model, sampler, chords=Never())  # type: ignore[arg-type]
    assert print_line([harmoniser.strike(72, 0)]) == "C3.E3.G3.C5"


def test_chords_are_drawn_where_somebody_wants_a_temperature(chorales: tuple[Bundle, TfliteModel]) -> None:
    bundle, model = chorales

    def chords(rng: int, temperature: float) -> list[set[int]]:
        drawing = assemble.sampler(bundle, model, Random(rng), temperature=temperature)
        events = harmonise(assemble.harmoniser(bundle, model, drawing), top_line(TUNE))
        return [{pitch % 12 for pitch in event.sounding} for event in events]

    assert chords(1, 1.0) == chords(1, 1.0)
    assert len({str(chords(rng, 1.0)) for rng in range(4)}) > 1
    assert chords(1, assemble.SUREST) == chords(2, assemble.SUREST)
