"""The recording that the checks in the guest rely on."""

from __future__ import annotations

from tests.pi.recording import Recording


def test_notes_begin_and_end() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("903c40 904040 803c17"), 1.0)
    assert heard.onsets == [1.0, 1.0]
    assert heard.sounding == {(0, 0x40): 1.0}
    heard.feed(bytes.fromhex("904000"), 2.0)
    assert not heard.sounding
    assert heard.notes == [(0x90, 0x3C, 0x40), (0x90, 0x40, 0x40), (0x80, 0x3C, 0), (0x80, 0x40, 0)]


def test_running_status_real_time_bytes_and_halves() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("913c40 40f840 43"), 1.0)
    heard.feed(bytes.fromhex("40 c005 f0017ef7 3c40"), 2.0)
    assert heard.onsets == [1.0, 1.0, 2.0]
    assert set(heard.sounding) == {(1, 0x3C), (1, 0x40), (1, 0x43)}


def test_a_reset_silences_its_channel_and_is_counted() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("903c40 913c40 b07b00 b07800"), 1.0)
    assert set(heard.sounding) == {(1, 0x3C)}
    assert heard.cut == 1


def test_a_pulled_cable_leaves_what_sounds_and_forgets_half_a_message() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("903c40 90"), 1.0)
    heard.interrupted()
    heard.feed(bytes.fromhex("3c00 903c40"), 2.0)
    assert heard.sounding == {(0, 0x3C): 2.0}
    assert heard.doubled == 1


def test_silence_is_from_the_last_end_to_the_next_onset() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("903c40 904040 803c00"), 1.0)
    heard.feed(bytes.fromhex("804000 804000"), 2.0)
    heard.feed(bytes.fromhex("804000"), 3.0)
    heard.feed(bytes.fromhex("903c40"), 4.5)
    heard.feed(bytes.fromhex("b07b00"), 5.0)
    heard.feed(bytes.fromhex("903c40"), 5.25)
    assert heard.silences == [(2.0, 4.5), (5.0, 5.25)]
    assert heard.longest_silence(0.0, 6.0) == 2.5
    assert heard.longest_silence(2.5, 6.0) == 0.25
    assert heard.longest_silence(5.1, 6.0) == 0.0


def test_all_but_note_offs_is_kept_in_its_order() -> None:
    heard = Recording()
    heard.feed(bytes.fromhex("b00008 2001 c013 f21000 fb f8 903cf840 803c40 40"), 1.0)
    assert [data.hex() for _, data in heard.order] == ["b00008", "b02001", "c013", "f21000", "fb", "f8", "f8", "903c40"]
