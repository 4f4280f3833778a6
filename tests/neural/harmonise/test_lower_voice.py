"""Other voices to one below the top: by the bundles that come with bachd, and rule by rule."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import Event, parse, parse_line
from bachd.music.keys import Key
from bachd.neural import assemble, features
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.features import HOLD, LOWEST, START
from bachd.neural.harmonise.harmoniser import VOICES, Harmoniser
from bachd.neural.harmonise.harmony import Harmony
from bachd.neural.harmonise.lower_voice import Given, keep_note, likeliest_tops, plain_chords, ranked, within
from bachd.neural.harmonise.melody import Turn, harmonise, line
from bachd.neural.model import TfliteModel
from bachd.training.evaluate.analysis.chords import chord

BASS = parse_line("C3 B2 A2 E3 F3 C3 G3 G2 C3:4")
RANGE = range(36, 82)


@cache
def opened(name: str) -> tuple[Bundle, TfliteModel]:
    bundle = Bundle.open(name)
    return bundle, TfliteModel.open(bundle.folder)


def accompanist(voice: int, name: str = "chorales", temperature: float = assemble.SUREST) -> Harmoniser:
    bundle, model = opened(name)
    drawing = assemble.sampler(bundle, model, Random(1), temperature=temperature)
    return assemble.harmoniser(bundle, model, drawing, voice=voice)


@pytest.mark.parametrize(("voice", "up"), [(1, 19), (2, 12), (3, 0)])
@pytest.mark.parametrize("temperature", [assemble.SUREST, 1.0])
def test_a_lower_voice_is_kept_and_gets_the_others(voice: int, up: int, temperature: float) -> None:
    tune = [event.moved(up) for event in BASS]
    found = list(harmonise(accompanist(voice, temperature=temperature), line(tune, 0)))
    assert line(found, voice) == line(tune, 0)
    assert {len(event.sounding) for event in found} == {VOICES}
    assert sum(event.ticks for event in found) == sum(event.ticks for event in tune)


def test_over_a_bass_there_are_plain_chords() -> None:
    found = list(harmonise(accompanist(3), line(BASS, 0)))
    plain = sum(event.ticks for event in found if chord(event.sounding) is not None)
    assert plain > 0.8 * sum(event.ticks for event in found)


def test_a_bass_that_closes_has_dominant_and_tonic_above_it_in_most_keys() -> None:
    closes = 0
    for up in range(-5, 7):
        harmoniser = accompanist(3)
        chords = [harmoniser.strike(pitch + up, 24 * beat) for beat, pitch in enumerate((48, 47, 45, 43, 41, 43, 48))]
        before, last = ({(pitch - up) % 12 for pitch in event.sounding} for event in chords[-2:])
        closes += before >= {7, 11, 2} and last == {0, 4, 7}
    assert closes >= 7


def test_while_a_bass_is_held_the_others_move_and_it_is_held() -> None:
    harmoniser = accompanist(3, temperature=1.0)
    first = harmoniser.strike(48, 0)
    assert first.sounding[0] == 48
    assert 48 in first.starts
    seen, tick = {first.sounding}, first.ticks
    for _ in range(16):
        event = harmoniser.go_on(tick)
        assert event.sounding[0] == 48
        assert 48 in event.held
        seen.add(event.sounding)
        tick += event.ticks
    assert len(seen) > 1
    assert 48 in harmoniser.strike(48, tick).starts  # the same note again


def test_in_free_time_the_chords_over_a_bass_change_on_quarters() -> None:
    harmoniser = accompanist(3, temperature=1.0)
    for tick in (0, 30, 66):  # a dotted rhythm, an eighth late
        end = tick + harmoniser.strike(43 + tick // 12, tick, in_time=False).ticks
        assert end == (tick // 24 + 1) * 24
        assert harmoniser.go_on(end).ticks == 24


def test_a_bass_that_is_played_alone_is_taken_over_and_given_back() -> None:
    harmoniser = accompanist(3)
    alone = harmoniser.play_alone(0)
    assert len(alone.sounding) == VOICES
    event = harmoniser.strike(43, alone.ticks)
    assert event.sounding[0] == 43
    assert len(harmoniser.play_alone(alone.ticks + 24).sounding) == VOICES


def test_without_the_graph_plain_chords_are_set_out_in_as_many_voices_as_the_bundle_has() -> None:
    bundle, _ = opened("keyboard")
    voices = assemble.voices(bundle)
    found = list(harmonise(accompanist(VOICES - 1, "keyboard"), line(BASS, 0)))
    assert line(found, voices - 1) == line(BASS, 0)
    assert {len(event.sounding) for event in found} == {voices}
    assert not {(event.sounding[1] - event.sounding[0]) % 12 for event in found} & {1, 2, 5, 6, 7, 10, 11}


def test_where_there_is_no_room_the_note_is_alone() -> None:
    bundle, model = opened("chorales")
    drawing = assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST, pitches=(60, 84))
    harmoniser = assemble.harmoniser(bundle, model, drawing, voice=2)
    assert harmoniser.strike(60, 0).sounding == (60,)  # for there is nothing below it
    assert len(harmoniser.strike(69, 24).sounding) == VOICES


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 127), st.integers(0, 60), st.booleans()), min_size=1, max_size=12),
)
def test_whatever_is_played_sounds_in_a_chord(voice: int, script: list[tuple[int, int, bool]]) -> None:
    harmoniser, tick = accompanist(voice), 0
    for pitch, ticks, strikes in script:
        event = harmoniser.strike(pitch, tick) if strikes or harmoniser.melody is None else harmoniser.go_on(tick)
        assert harmoniser.melody in event.sounding
        assert not strikes or harmoniser.melody % 12 == pitch % 12
        assert all(features.LOWEST <= each <= features.HIGHEST for each in event.sounding)
        tick += ticks


def test_a_note_without_room_above_it_is_moved_down() -> None:
    assert [within(pitch, 3, RANGE) for pitch in (0, 36, 62, 63, 127)] == [36, 36, 62, 51, 55]
    assert within(74, 1, RANGE) == 74
    assert within(75, 1, RANGE) == 63


def test_a_given_bass_is_the_bass_and_another_voice_anywhere_in_the_chord() -> None:
    over_e = Harmony(frozenset({0, 4, 7}), 4)
    assert Given(3, 52, 4).fits(over_e)
    assert not Given(3, 48, 4).fits(over_e)
    assert Given(2, 48, 4).fits(over_e)
    assert not Given(2, 50, 4).fits(over_e)


def test_the_likeliest_tops_are_above_the_note_and_can_be_played() -> None:
    logits = np.zeros(features.LOGITS, np.float32)
    logits[START + 48 - LOWEST] = 9  # the note itself
    logits[HOLD + 72 - LOWEST] = 5
    logits[HOLD + 74 - LOWEST] = 7  # did not sound
    logits[START + 76 - LOWEST] = 3
    logits[START + 90 - LOWEST] = 9  # out of range
    found = likeliest_tops(logits, RANGE, (48, 72), Given(3, 48, 4))
    assert [symbol for _, symbol in found[:2]] == [HOLD + 72 - LOWEST, START + 76 - LOWEST]
    assert found[0][0] - found[1][0] == pytest.approx(2)
    assert sum(np.exp([nats for nats, _ in found])) < 1
    near = likeliest_tops(logits, RANGE, (48, 72), Given(1, 60, 4))
    assert all(LOWEST + symbol % features.PITCHES <= 72 for _, symbol in near)
    assert likeliest_tops(logits, range(36, 48), (), Given(3, 47, 4)) == []


def test_a_likely_chord_makes_up_for_an_unlikely_top() -> None:
    c_major, f_major = Harmony(frozenset({0, 4, 7}), 0), Harmony(frozenset({5, 9, 0}), 5)
    chords = {1: [(-3.0, c_major), (-0.1, f_major)], 2: [(-0.5, c_major)]}
    found = ranked([(-0.5, 1), (-1.0, 2)], lambda symbol: chords[symbol], Given(3, 48, 4))
    assert sorted(found, reverse=True, key=lambda each: each[0]) == [(-1.5, 2, c_major), (-3.5, 1, c_major)]


def test_plain_chords_in_the_key_come_first() -> None:
    found = plain_chords(67, Key(0), Given(3, 48, 4))
    _, best = max(found, key=lambda each: each[0])
    assert best.pitch_classes == {0, 4, 7}
    assert all({0, 7} <= harmony.pitch_classes for _, harmony in found)
    assert all(len(harmony.pitch_classes) == 2 for _, harmony in plain_chords(64, Key(0), Given(1, 48, 2)))


def test_the_note_is_struck_or_held_as_the_person_did() -> None:
    event = parse("C3.~E3.G3.C4")
    assert keep_note(event, 48, is_held=True) == Event((55, 60), (48, 52), event.ticks)
    assert keep_note(event, 52, is_held=False) == Event((48, 52, 55, 60), (), event.ticks)
    assert keep_note(event, 52, is_held=True) == event


def test_a_melody_may_be_any_voice_of_some_music() -> None:
    music = parse_line("C3.E3.G3.C4 ~C3.F3.A3.D4 C3.~F3 R")
    turns = {voice: line(music, voice) for voice in (1, 3)}
    assert turns[1] == [Turn(0, 55), Turn(24, 57), Turn(48, 48), Turn(72, None), Turn(96, None)]
    assert turns[3] == [Turn(0, 48), Turn(48, 48), Turn(72, None), Turn(96, None)]
