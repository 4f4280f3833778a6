"""What goes into the cable: running status, and nothing that a receiver would take for something else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.din.encoder import AGAIN, Encoder
from bachd.midi.input.parse import StreamParser

CHANNEL = st.integers(0, 15)
DATA = st.integers(0, 127)
MESSAGES = st.one_of(
    st.builds(lambda status, a, b: bytes((status, a, b)), st.sampled_from([0x80, 0x90, 0x91, 0xB0, 0xE0]), DATA, DATA),
    st.builds(lambda channel, a: bytes((0xC0 | channel, a)), CHANNEL, DATA),
    st.sampled_from([b"\xf8", b"\xfa", b"\xf2\x01\x02"]),
)


def written(encoder: Encoder, *messages: str, now: float = 10.0) -> str:
    return b"".join(encoder.bytes_of(bytes.fromhex(each), now) for each in messages).hex(" ")


def test_a_chord_and_its_end_need_one_status() -> None:
    encoder = Encoder()
    said = written(encoder, "903c40", "904040", "904340", "803c40", "804040", "804340")
    assert said == "90 3c 40 40 40 43 40 3c 00 40 00 43 00"


def test_a_release_velocity_that_means_something_is_kept() -> None:
    assert written(Encoder(), "903c40", "803c20") == "90 3c 40 80 3c 20"


def test_a_clock_in_between_changes_nothing_and_a_position_does() -> None:
    encoder = Encoder()
    assert written(encoder, "903c40", "f8", "904040") == "90 3c 40 f8 40 40"
    assert written(encoder, "f20000", "904340") == "f2 00 00 90 43 40"


def test_another_channel_needs_its_own() -> None:
    assert written(Encoder(), "903c40", "913c40", "903e40") == "90 3c 40 91 3c 40 90 3e 40"


def test_a_receiver_that_was_plugged_in_meanwhile_is_told_the_status_again() -> None:
    encoder = Encoder()
    written(encoder, "903c40")
    assert written(encoder, "904040", now=10.0 + AGAIN / 2) == "40 40"
    assert written(encoder, "904340", now=10.0 + 1.1 * AGAIN) == "90 43 40"


def test_it_knows_what_sounds() -> None:
    encoder = Encoder()
    written(encoder, "903c40", "924040", "904340", "803c40", "904300")
    assert encoder.sounding == {(2, 0x40)}
    assert encoder.ends(10.0).hex(" ") == "92 40 00"
    assert encoder.sounding == set()


@given(st.lists(st.tuples(MESSAGES, st.floats(0, 0.2)), max_size=60))
def test_a_receiver_gets_the_messages_that_were_meant(sent: list[tuple[bytes, float]]) -> None:
    encoder, parser, now = Encoder(), StreamParser(), 0.0
    received: list[bytes] = []
    for data, pause in sent:
        now += pause
        received += parser.feed(encoder.bytes_of(data, now))
    assert received == [_meaning(data) for data, _ in sent]


def _meaning(data: bytes) -> bytes:
    """A note_off as it may be written: as a note_on that is silent."""
    return bytes((0x90 | data[0] & 15, data[1], 0)) if data[0] & 0xF0 == 0x80 and data[2] in (0, 64) else data
