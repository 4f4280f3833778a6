"""What a stream of bytes says: the examples are from MIDI 1.0's own pages."""

from __future__ import annotations

from itertools import pairwise

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.input.parse import StreamParser


@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        ("903c40 803c40", "903c40 803c40"),
        ("903c40 4040 4300", "903c40 904040 904300"),  # running status, and a note-on that ends a note
        ("90 f8 3c fe 40", "f8 fe 903c40"),  # a clock and active sensing between a note's bytes
        ("c005 06 d010", "c005 c006 d010"),
        ("f07e7f0601f7 903c40", "f7 903c40"),
        ("f07e90 3c40", "903c40"),  # exclusive data that never end
        ("3c40 903c", ""),
        ("903c40 f6 3c40", "903c40 f6"),  # a common message ends running status
        ("f4 01 f5 b04007", "b04007"),
    ],
)
def test_messages_are_found_in_a_stream(stream: str, messages: str) -> None:
    found = [message.hex() for message in StreamParser().feed(bytes.fromhex(stream))]
    assert [message for message in found if message != "f7"] == [word for word in messages.split() if word != "f7"]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_however_it_is_cut_the_messages_are_the_same_and_whole(data: bytes, cuts: list[int]) -> None:
    parser = StreamParser()
    edges = [0, *sorted(cuts), len(data)]
    pieces = [message for low, high in pairwise(edges) for message in parser.feed(data[low:high])]
    whole = list(StreamParser().feed(data))
    assert pieces == whole
    for message in whole:
        assert mido.Message.from_bytes(message) if message[0] not in (0xF9, 0xFD) else len(message) == 1
