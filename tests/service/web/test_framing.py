"""Messages on the socket between the daemon and the page's process."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.service.web import framing

TEXT = st.text(st.sampled_from('a"\\\n\x00\xe9\u97f3\U0001f600\ud800\udfff') | st.characters(), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
"""Small: it is the letters and the lengths that can be wrong."""


def read_all(data: bytes) -> list[str]:
    async def reading() -> list[str]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while (text := await framing.read(reader)) is not None:
            found.append(text)
        return found

    return asyncio.run(reading())


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=5))
def test_what_is_packed_is_read(messages: list[dict[str, object]]) -> None:
    assert [json.loads(text) for text in read_all(b"".join(map(framing.pack, messages)))] == messages


@pytest.mark.parametrize("letter", ["x", "\n", "\x00", "\N{GRINNING FACE}", "\ud800"])
def test_what_is_too_long_is_never_sent(letter: str) -> None:
    framing.pack({"text": letter * 50_000})
    with pytest.raises(framing.OverlongError):
        framing.pack({"text": letter * (framing.LONGEST + 1)})


def test_what_is_cut_off_is_the_end() -> None:
    data = framing.pack({"a": 1})
    assert read_all(data + data[:-1]) == ['{"a":1}']
    assert read_all(data[:3]) == []
    with pytest.raises(framing.OverlongError):
        read_all(b"\xff" * 8)
