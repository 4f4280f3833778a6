"""The player: what is sent, when, and that nothing is left sounding."""

from __future__ import annotations

import pytest

from bachd.errors import ModelError
from bachd.realtime.performer import Change
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps
from tests.realtime.performing import play


def test_notes_sound_for_their_length() -> None:
    assert play(steps("C4 D4:0.5 R E4:2")).log == [
        "0 on C4",
        "0.5 off C4",
        "0.5 on D4",
        "0.75 off D4",
        "1.25 on E4",
        "2.25 off E4",
    ]


def test_a_held_note_goes_on_and_a_repeated_one_is_struck_again() -> None:
    assert play(steps("C3.E4.G4 ~C3.~E4.G4 C3.F4")).log == [
        "0 on G4",
        "0 on E4",
        "0 on C3",
        "0.5 off G4",
        "0.5 on G4",
        "1 off E4",
        "1 off C3",
        "1 off G4",
        "1 on F4",
        "1 on C3",
        "1.5 off F4",
        "1.5 off C3",
    ]


def test_a_stall_slips_the_music_instead_of_rushing_it() -> None:
    assert play([*steps("C4"), 5.0, *steps("E4 G4")]).log == [
        "0 on C4",
        "0.5 off C4",
        "4.9 on E4",  # its composing began when C4 was handed over, 0.1 s before it sounded
        "5.4 off E4",
        "5.4 on G4",
        "5.9 off G4",
    ]


def test_a_note_held_across_a_stall_is_struck_again() -> None:
    assert play([*steps("C4"), 5.0, *steps("~C4 ~C4")]).log == ["0 on C4", "0.5 off C4", "4.9 on C4", "5.9 off C4"]


def test_an_event_that_comes_at_the_last_moment_is_in_time() -> None:
    assert play([*steps("C4"), 0.55, *steps("E4")]).log == ["0 on C4", "0.5 off C4", "0.5 on E4", "1 off E4"]


def test_a_process_that_was_stopped_for_an_hour_goes_on_from_where_it_was() -> None:
    played = play(steps("C4 D4 E4"), at=(0.2, lambda clock: clock.stall(3600.0)))
    first, *rest = (timed.due for timed in played.output.messages if timed.message.type == "note_on")
    assert first < 1 < 3600 < rest[0]
    assert rest[1] == pytest.approx(rest[0] + 0.5)


def test_stopping_releases_what_sounds_at_once() -> None:
    assert play(steps("C4.E4:8"), stop=1.1).log == ["0 on E4", "0 on C4", "1 off E4", "1 off C4"]


def test_stopping_takes_back_what_has_been_handed_over_and_is_not_yet_due() -> None:
    assert play(steps("C4 D4 E4"), stop=0.55).log == ["0 on C4", "0.45 off C4"]
    assert play(steps("C4 ~C4.E4 E4"), stop=0.55).log == ["0 on C4", "0.45 off C4"]


def test_a_halt_is_silence_at_once_and_the_music_goes_on_with_a_bar() -> None:
    transport = Transport(120, 0.1)
    waited: list[None] = []
    played = play(
        steps("C4 D4 E4 F4 G4 A4 B4 C5"),
        conductor=transport,
        at=(0.8, lambda _: transport.halt()),
        then=(4.1, lambda _: transport.resume()),
        on_wait=lambda: waited.append(None),
    )
    assert played.log == [
        "0 on C4",
        "0.5 off C4",
        "0.5 on D4",
        "0.7 off D4",
        "4.1 on G4",
        "4.6 off G4",
        "4.6 on A4",
        "5.1 off A4",
        "5.1 on B4",
        "5.6 off B4",
        "5.6 on C5",
        "6.1 off C5",
    ]
    assert played.output.bars == pytest.approx([0.0, 4.1])
    assert next(timed.tick for timed in played.output.messages if timed.due > 4.5) == 120
    assert len(waited) == 4, "signs of life, and the going on"


def test_music_that_is_halted_before_it_begins_waits() -> None:
    transport = Transport(120, 0.1)
    transport.halt()
    played = play(steps("C4 D4"), conductor=transport, at=(2.0, lambda _: transport.resume()))
    assert played.output.messages[0].due == pytest.approx(2.1)
    assert played.log[0] == "0 on C4"


def test_who_waits_may_be_given_something_else_to_play_to_and_another_conductor() -> None:
    halted = Transport(120, 0.1)
    halted.halt()
    clock = FakeClock()
    before, after = RecordingOutput(clock), RecordingOutput(clock)

    def on_wait() -> Change:
        return Change(after, 60, channels=(2,), conductor=Transport(60, 0.1))

    run(Player(before, halted, clock, on_wait=on_wait).perform(scripted(steps("C4 D4"))))
    assert before.messages == []
    assert after.log == ["0 on C4 ch2", "1 off C4 ch2", "1 on D4 ch2", "2 off D4 ch2"]


def test_a_fault_of_the_model_leaves_nothing_sounding_and_is_raised() -> None:
    played = play([*steps("C4"), ModelError("the graph failed")])
    assert str(played.fault) == "the graph failed"
    assert [line.split()[1] for line in played.log] == ["on", "off"]


def test_chords_are_handed_over_ahead_and_each_in_one_go() -> None:
    ahead, sizes = zip(*play(steps("C4.E4 D4.F4"), lead=0.08).calls, strict=True)
    assert ahead == pytest.approx((0.08, 0.08, 0.08, 0.08))
    assert sizes == (1, 4, 4, 2)  # the tempo; name, metre and two notes; two off and two on; two off


def test_latency_sends_early_what_is_to_be_heard_in_time() -> None:
    heard: list[float] = []
    played = play(steps("C4 D4"), latency=0.03, on_step=lambda _step, due, _sent: heard.append(due))
    sent = [timed.due for timed in played.output.messages if timed.message.type == "note_on"]
    assert sent == pytest.approx([0.1, 0.6])
    assert heard == pytest.approx([0.13, 0.63])


def test_voices_are_spread_from_the_top_and_held_notes_stay_on_their_channel() -> None:
    assert play(steps("C3.E4.G4 ~C3.~E4.A4.C5"), channels=(2, 3)).log == [
        "0 on G4 ch2",
        "0 on E4 ch3",
        "0 on C3 ch3",
        "0.5 off G4 ch2",
        "0.5 on C5 ch2",
        "0.5 on A4 ch3",
        "1 off E4 ch3",
        "1 off C3 ch3",
        "1 off C5 ch2",
        "1 off A4 ch3",
    ]


def test_every_step_is_shown_as_it_is_handed_over() -> None:
    seen: list[str] = []
    play(steps("C4 R D4"), on_step=lambda step, _due, _sent: seen.append(str(step.event)))
    assert seen == ["C4", "R", "D4"]


def test_a_halt_is_reported_with_the_moment_after_which_nothing_sounds() -> None:
    transport, moments = Transport(120, 0.1), list[float]()
    played = play(
        steps("C4 D4 E4 F4 G4"),
        conductor=transport,
        at=(0.8, lambda _: transport.halt()),
        then=(4.1, lambda _: transport.resume()),
        on_retract=moments.append,
    )
    assert moments[0] == pytest.approx(0.8)
    assert [timed.due for timed in played.output.messages if 0.8 < timed.due < 4.1] == []
    moments.clear()
    play(steps("C4 D4 E4"), stop=0.55, on_retract=moments.append)
    assert moments == pytest.approx([0.55])
    moments.clear()
    play(steps("C4 D4 E4"), on_retract=moments.append)
    assert moments == []


def test_bars_are_told_to_the_output_before_what_begins_in_them() -> None:
    assert play(steps("C4:2 D4:2 E4:3 F4:2 G4:3")).output.bars == pytest.approx([0.0, 2.0, 4.5])


def test_a_step_is_asked_for_with_whether_it_is_the_first_in_its_bar() -> None:
    clock, asked = FakeClock(), list[bool]()
    script = scripted(steps("C4:2 D4:2 E4:3 F4:2 G4:3"))

    async def compose(opens_bar: bool) -> Composed | None:
        asked.append(opens_bar)
        return await script(opens_bar)

    run(Player(RecordingOutput(clock), Transport(120, 0.1), clock).perform(compose))
    assert asked == [True, False, True, False, True, True]
