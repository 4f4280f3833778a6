"""Played with expression, the music is the same music: nothing is lost, hangs, changes its order or drifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import TICKS, Event
from bachd.music.metre import Grid
from bachd.music.performance.expression import WIDEST, Expression
from bachd.music.piece import Origin, Step
from bachd.realtime.output import TimedMessage
from bachd.realtime.performer import Change
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Conductor, Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps
from tests.music.strategies import USUAL_METRES

BPM = 84.0


def play(
    music: Sequence[Step], expression: Expression | None = None, conductor: Conductor | None = None
) -> list[TimedMessage]:
    clock = FakeClock()
    output = RecordingOutput(clock)
    player = Player(output, conductor or Transport(BPM), clock, channels=(1, 2, 3), expression=expression)
    run(player.perform(scripted(music)))
    return output.messages


def notes(messages: Sequence[TimedMessage]) -> dict[int, list[str]]:
    """What happens to each pitch, in order."""
    found: dict[int, list[str]] = {}
    for timed in messages:
        if timed.message.type in ("note_on", "note_off"):
            what = f"{timed.message.type} {timed.message.channel}"
            found.setdefault(timed.message.note, []).append(what)
    return found


@st.composite
def music(draw: st.DrawFn) -> list[Step]:
    """Steps of any chords and lengths, at any pace, some of whose notes are held from nowhere."""
    grid, tick, found = Grid(((0, draw(USUAL_METRES)),)), 0, []
    for _ in range(draw(st.integers(1, 25))):
        sounding = draw(st.sets(st.integers(60, 66), max_size=4))
        held = draw(st.sets(st.sampled_from(sorted(sounding)))) if sounding else set()
        ticks = draw(st.sampled_from([1, 2, 3, 6, 8, 12, 18, 24, 48]))
        event = Event(tuple(sorted(sounding - held)), tuple(sorted(held)), ticks)
        pace = draw(st.sampled_from([1.0, 1.0, 0.9, 0.4]))
        found.append(Step(event, grid.place(tick), Origin.MODEL, "a piece", opens=tick == 0, pace=pace))
        tick += ticks
    return found


@settings(deadline=None)
@given(music(), st.floats(50, WIDEST), st.floats(0, 0.03), st.integers(0, 9))
def test_the_same_notes_sound_in_the_same_order_and_none_hangs(
    music: list[Step], swing: float, humanise: float, rng: int
) -> None:
    plain = play([replace(step, pace=1.0) for step in music])
    played = play(music, Expression(Random(rng), swing=swing, humanise=humanise))
    assert notes(played) == notes(plain)
    assert all(kinds[-1].startswith("note_off") for kinds in notes(played).values())
    for key in ("due", "tick"):
        assert [getattr(timed, key) for timed in played] == sorted(getattr(timed, key) for timed in played)
    assert played == play(music, Expression(Random(rng), swing=swing, humanise=humanise))


def test_with_all_of_it_off_the_messages_are_what_they_were() -> None:
    line = steps("C3.E4 ~C3.F4:0.5 D4:0.5 R C3.G3.E4.C5:2")
    expression = Expression(Random(1), swing=50, humanise=0.0, shaped=True)
    assert play(line, expression) == play(line)
    beginning = play(line)[0].due
    for timed in play(line):
        assert timed.due == pytest.approx(beginning + timed.tick / TICKS * 60 / BPM)
        assert isinstance(timed.tick, int) or timed.tick.is_integer()


def test_after_an_hour_the_music_is_where_it_would_be_without_swing_and_chance() -> None:
    hour = steps("C4:0.5 D4:0.5 E4:0.25 F4:0.25 G4:0.5 " * 2520)
    plain = play(hour)
    played = play(hour, Expression(Random(1), swing=62, humanise=0.02))
    assert played[-1].due - plain[-1].due == pytest.approx(0, abs=1e-6)
    assert plain[-1].due > 3599
    downbeats = {timed.tick: timed.due for timed in plain if timed.message.type == "note_off"}
    for timed in played:
        if timed.message.type == "note_off" and timed.tick % TICKS == 0:
            assert timed.due == pytest.approx(downbeats[timed.tick], abs=1e-6)


def test_an_ending_delays_what_follows_by_its_own_stretch_and_by_nothing_else() -> None:
    minutes = steps("C4 D4 E4 F4 " * 300)
    slow = {index: 0.5 + 0.4 * (index % 7) / 7 for index in range(0, 1200, 37)}
    played = play([replace(step, pace=slow.get(index, 1.0)) for index, step in enumerate(minutes)])
    stretch = sum(60 / BPM * (1 / pace - 1) for pace in slow.values())
    assert played[-1].due - play(minutes)[-1].due == pytest.approx(stretch, abs=1e-6)


def test_a_file_is_told_of_each_pace_and_of_the_tempo_after_it() -> None:
    line = [replace(step, pace=pace) for step, pace in zip(steps("C4 D4 E4 F4"), (1, 0.5, 0.25, 1), strict=True)]
    output = RecordingOutput(clock := FakeClock())
    run(Player(output, Transport(120), clock).perform(scripted(line)))
    tempos = [sign for sign in output.signs if "set_tempo" in sign]
    assert tempos == ["0 set_tempo 500000", "24 set_tempo 1000000", "48 set_tempo 2000000", "72 set_tempo 500000"]
    assert [entry for entry in output.log if "on" in entry] == ["0 on C4", "0.5 on D4", "1.5 on E4", "3.5 on F4"]


def test_another_tempo_in_an_ending_is_slowed_down_too() -> None:
    line = [replace(step, pace=pace) for step, pace in zip(steps("C4 D4 E4 F4"), (1, 0.5, 0.5, 1), strict=True)]
    output = RecordingOutput(clock := FakeClock())
    player = Player(output, Transport(120), clock)
    rest = iter(line)

    async def compose(_opens_bar: bool) -> Composed | None:
        step = next(rest, None)
        return None if step is None else Composed(step, Change(output, 60) if step is line[2] else None)

    run(player.perform(compose))
    assert [entry for entry in output.log if "on" in entry] == ["0 on C4", "0.5 on D4", "1.5 on E4", "3.5 on F4"]
    assert output.log[-1] == "4.5 off F4"


def test_who_follows_somebody_slows_down_for_nobody() -> None:
    class FollowingConductor(Transport):
        follows = True

    line = steps("C4 D4 E4 F4")
    slowed = [replace(step, pace=0.5) for step in line]
    assert play(slowed, conductor=FollowingConductor(BPM)) == play(line, conductor=FollowingConductor(BPM))
