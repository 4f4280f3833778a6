from __future__ import annotations

from bachd.midi.reset import every_note_off, reset


def test_a_reset_lifts_the_pedal_and_ends_notes_and_sound_on_every_channel() -> None:
    data = [message.data.hex() for message in reset()]
    assert len(data) == 48
    assert data[:3] == ["b04000", "b07b00", "b07800"]
    assert {line[:2] for line in data} == {f"b{channel:x}" for channel in range(16)}


def test_every_note_of_a_channel_is_ended() -> None:
    assert [message.data for message in every_note_off(9)] == [bytes((0x89, note, 0x40)) for note in range(128)]
