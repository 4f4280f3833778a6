from __future__ import annotations

import pytest

from bachd.midi.alsa.event_records import SIZE, message, notes, record

HEAD = "01 00 03 02000000 0065cd1d 80 00 fe fd"
"""Real time, no tag, queue 3; 2.5 seconds; from client 128, port 0, to subscribers. On a little-endian machine."""


@pytest.mark.parametrize(
    ("data", "kind", "body"),
    [
        ("903c40", "06", "00 3c 40 00 00000000 00000000"),
        ("8f3c00", "07", "0f 3c 00 00 00000000 00000000"),
        ("b14007", "0a", "01 000000 40000000 07000000"),
        ("c213", "0b", "02 000000 00000000 13000000"),
        ("e00040", "0d", "00 000000 00000000 00000000"),
        ("e00000", "0d", "00 000000 00000000 00e0ffff"),
        ("f20102", "14", "00 000000 00000000 01010000"),
        ("f8", "24", "00 000000 00000000 00000000"),
        ("fa", "1e", "00 000000 00000000 00000000"),
    ],
)
def test_records_are_those_of_the_kernel(data: str, kind: str, body: str) -> None:
    found = record(bytes.fromhex(data), 2.5, queue=3, sender=(128, 0))
    assert found.hex() == f"{kind}{HEAD}{body}".replace(" ", "")
    assert len(found) == SIZE == 28
    assert message(found[0], found[16:]) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("kind", "body", "data"),
    [
        (6, "03 3c c8 00 00000000 00000000", "933c48"),  # a velocity that a program made up
        (10, "0f 000000 40000000 ffffffff", "bf407f"),
        (13, "00 000000 00000000 00300000", "e07f7f"),
        (60, "80 00 00 00 00000000 00000000", None),  # a client has come
        (8, "00 3c 40 00 00000000 00000000", None),
    ],
)
def test_what_is_read_from_the_kernel_is_a_message_or_none(kind: int, body: str, data: str | None) -> None:
    assert message(kind, bytes.fromhex(body)) == (None if data is None else bytes.fromhex(data))


def test_a_record_may_be_addressed_to_one_port() -> None:
    assert record(b"\xfb", 0.0, queue=3, sender=(128, 0), to=(24, 1))[12:16].hex() == "80001801"


def test_a_moment_just_before_a_second_is_not_the_next_second_s() -> None:
    found = record(b"\xf8", 1.9999999999, queue=0, sender=(128, 0))
    assert found[4:12].hex() == "01000000ffc99a3b"


def test_what_no_music_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="f07ef7"):
        record(bytes.fromhex("f07ef7"), 0.0, queue=0, sender=(128, 0))


def test_of_what_was_read_the_notes_are_told_with_their_dates() -> None:
    sent = [(1.25, "903c40"), (1.5, "f8"), (2.0, "833c17"), (2.0, "b07b00")]
    read = b"".join(record(bytes.fromhex(data), moment, queue=1, sender=(128, 0)) for moment, data in sent)
    assert [(moment, data.hex()) for moment, data in notes(read)] == [(1.25, "903c40"), (2.0, "833c17")]
