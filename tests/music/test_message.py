"""Messages: mido says the same of them, field by field."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music import message
from bachd.music.message import Message

CHANNEL = st.integers(0, 15)
BYTE = st.integers(0, 127)
NAME = st.text(st.characters(codec="latin-1"), max_size=300)


@given(CHANNEL, BYTE, BYTE)
def test_channel_messages(channel: int, first: int, second: int) -> None:
    _same(
        message.note_on(channel, first, second),
        mido.Message("note_on", channel=channel, note=first, velocity=second),
        "channel note velocity",
    )
    _same(message.note_off(channel, first), mido.Message("note_off", channel=channel, note=first), "channel note")
    _same(
        message.control_change(channel, first, second),
        mido.Message("control_change", channel=channel, control=first, value=second),
        "channel control value",
    )
    _same(
        message.program_change(channel, first),
        mido.Message("program_change", channel=channel, program=first),
        "channel program",
    )


@given(st.integers(0, 0x3FFF))
def test_positions(sixteenths: int) -> None:
    _same(message.songpos(sixteenths), mido.Message("songpos", pos=sixteenths), "pos")


@pytest.mark.parametrize("name", ["clock", "start", "continue", "stop"])
def test_the_messages_of_a_clock(name: str) -> None:
    _same(getattr(message, name.upper()), mido.Message(name), "")


@given(st.floats(3.6, 1000))
def test_tempos(bpm: float) -> None:
    _same(message.set_tempo(bpm), mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)), "tempo")


def test_the_slowest_tempo_a_file_can_tell() -> None:
    assert message.set_tempo(1.0).tempo == 0xFFFFFF


@given(st.integers(1, 255), st.integers(0, 7))
def test_metres(beats: int, power: int) -> None:
    theirs = mido.MetaMessage("time_signature", numerator=beats, denominator=2**power)
    _same(message.time_signature(beats, 2**power), theirs, "numerator denominator")


@given(NAME)
def test_names_are_utf_8(name: str) -> None:
    ours = message.marker(name)
    theirs = mido.MetaMessage("marker", text=name.encode().decode("latin-1"))  # which mido writes text as
    _same(ours, theirs, "")
    assert ours.text == name


@pytest.mark.parametrize("data", ["f0 01 f7", "f1 00", "ff 2f 00", "ff 03 01 41", "fe"])
def test_what_means_nothing_here_has_no_name_of_a_note(data: str) -> None:
    assert Message(bytes.fromhex(data)).type in ("sysex", "other")


def test_what_is_no_byte_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^no MIDI message: 90 3c 80$"):
        message.note_on(0, 60, 128)


def _same(ours: Message, theirs: mido.Message | mido.MetaMessage, fields: str) -> None:
    assert list(ours.bytes()) == theirs.bytes()
    assert (ours.type, ours.is_meta) == (theirs.type, theirs.is_meta)
    assert [getattr(ours, name) for name in fields.split()] == [getattr(theirs, name) for name in fields.split()]


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        ("ff 01 02 c3 a9", "text", "\xe9"),
        ("ff 02 01 a9", "copyright", "\xa9"),  # Latin-1, as older programs write it
        ("ff 06 01 41", "marker", "A"),
    ],
)
def test_texts_are_read_in_utf_8_or_else_latin_1(data: str, kind: str, text: str) -> None:
    message = Message(bytes.fromhex(data))
    assert (message.type, message.text) == (kind, text)
