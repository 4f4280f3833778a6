"""The voices under a melody: each note begins and ends once."""

from __future__ import annotations

from bachd.music.event import parse
from bachd.music.message import program_change
from bachd.realtime.clock import OfflineClock
from bachd.realtime.note_tracker import VoiceMix
from bachd.service.person.voices import Voices
from tests.fakes import RecordingOutput


def made(*channels: int) -> tuple[Voices, RecordingOutput]:
    output = RecordingOutput(OfflineClock())
    return Voices(output, channels, lambda: 0.0, lambda _: None), output


def hexed(output: RecordingOutput) -> list[str]:
    found = [timed.message.data.hex() for timed in output.messages]
    output.messages.clear()
    return found


def test_what_is_below_the_melody_sounds_softer() -> None:
    voices, output = made(1)
    voices.play(parse("C3.E3.G3.C4"), 100, (), {60})
    assert hexed(output) == ["903755", "903455", "903055"]
    voices.play(parse("~C3.F3.~G3.D4"), 100, (), {62})
    assert hexed(output) == ["803440", "903555"]
    voices.release()
    assert hexed(output) == ["803040", "803740", "803540"] or len(output.messages) == 0


def test_voices_go_to_their_channels_from_the_melody_s_down() -> None:
    voices, output = made(1, 2, 3)
    voices.play(parse("C3.E3.G3.C4"), 64, (), {60})
    assert [data[:2] for data in hexed(output)] == ["91", "92", "92"]
    voices.use(output, (1,))
    voices.release()
    assert sorted(data[:2] for data in hexed(output)) == ["81", "82", "82"]


def test_what_a_person_holds_is_not_struck_again() -> None:
    voices, output = made(1)
    voices.play(parse("C3.E3.G3.C4"), 64, {52}, {60})
    assert [data[2:4] for data in hexed(output)] == ["37", "30"]
    voices.play(parse("~C3.~E3.~G3.~C4"), 64, {48}, {60})
    assert [data[:4] for data in hexed(output)] == ["8030", "9034"]


def test_another_output_gets_no_end_of_what_it_has_not_begun() -> None:
    voices, output = made(1)
    voices.play(parse("C3.C4"), 64, (), {60})
    another = RecordingOutput(OfflineClock())
    voices.use(another, (1,))
    assert [data[:4] for data in hexed(output)] == ["9030", "8030"]
    voices.set_up([program_change(0, 5)])
    voices.release()
    assert hexed(another) == ["c005"]


def test_whichever_voice_a_person_plays_the_others_sound_on_their_channels() -> None:
    voices, output = made(1, 2, 3, 4)
    voices.play(parse("C3.E3.G3.C4"), 100, {48}, {48})
    assert [data[:4] for data in hexed(output)] == ["903c", "9137", "9234"]
    voices.play(parse("~C3.~E3.A3.C4"), 100, {57}, {57})
    assert [data[:4] for data in hexed(output)] == ["803c", "8137", "903c", "9330"]
    voices.play(parse("~C3.~E3.~A3.~C4"), 100, (), ())
    assert [data[:4] for data in hexed(output)] == ["9139"]


def test_a_synth_may_join_when_nothing_sounds() -> None:
    voices, output = made(1)
    voices.play(parse("C3.C4"), 64, (), {60})
    assert not output.bars
    voices.release()
    assert output.bars


def test_voices_are_as_loud_as_the_settings_want_and_a_silent_one_ends() -> None:
    voices, output = made(1)
    voices.play(parse("C3.E3.G3.C4"), 100, (), {60})
    assert hexed(output) == ["903755", "903455", "903055"]
    voices.use(output, (1,), VoiceMix((1.0, 0.5, 1.0, 0.0), (None, None, 3, None)))
    voices.play(parse("~C3.F3.A3.D4"), 100, (), {62})
    assert hexed(output) == ["803740", "803440", "803040", "90392a", "923555"]
    voices.play(parse("C3.D4"), 100, (), {62})
    assert hexed(output) == ["803940", "823540"]
