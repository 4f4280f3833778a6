"""What may be in a .mid file that somebody found on the Internet."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from bachd.music import smf
from tests.fuzz.mutations import mutated

_SEEDS: Final = tuple(path.read_bytes() for path in sorted(Path(__file__).parents[2].glob("models/*/seeds/*.mid")))
_MOST: Final = smf.MOST_BYTES + 1000
_END: Final = b"\x00\xff\x2f\x00"
_TOKENS: Final = (
    *(b"MThd", b"MTrk", b"XFIH", b"RIFF", b"\x00\x00\x00\x06", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", _END),
    *(b"\xff\x2f\x00", b"\xff\x51\x03\x00\x00\x00", b"\xff\x51\x03\xff\xff\xff", b"\xff\x58\x04\x00\x00\x00\x00"),
    *(b"\xff\x58\x04\xff\xff\x01\x01", b"\xff\x59\x02\x7f\x7f", b"\xff\x7f\x81\x00", b"\xff\x00\x02", b"\xff\x54\x05"),
    *(
        b"\xf0\x05abc\xf7",
        b"\xf0\xff\xff\xff\x7f",
        b"\xf7\x00",
        b"\xf8",
        b"\xfe",
        b"\x80\x80\x80\x80",
        b"\xff\xff\xff\x7f",
    ),
    *(
        b"\x90\x3c\x40",
        b"\x3c\x40",
        b"\x80\x3c\x00",
        b"\x99\x24\x40",
        b"\xb0\x40\x7f",
        b"\xb0\x40\x00",
        b"\xe0\x00\x40",
    ),
)


def _number(value: int) -> bytes:
    """A number of seven bits a byte."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


_deltas = st.one_of(
    st.sampled_from((0, 0, 1, 12, 24, 96, 120, 240, 480, 960)).map(_number),
    st.integers(0, 2000).map(_number),
    st.sampled_from((b"\xff\xff\xff\x7f", b"\x80\x80\x80\x00", b"\xff\xff\xff\xff\x7f", b"\xff\x7f")),
)
_byte = st.integers(0, 127)
_metas = st.builds(
    lambda kind, content: b"\xff" + bytes([kind]) + _number(len(content)) + content,
    st.sampled_from((0x00, 0x01, 0x03, 0x06, 0x20, 0x21, 0x2F, 0x51, 0x54, 0x58, 0x59, 0x7F, 0x4B)),
    st.binary(max_size=6),
)
_tempos = st.integers(0, 0xFFFFFF).map(lambda tempo: b"\xff\x51\x03" + tempo.to_bytes(3))
_metres = st.builds(
    lambda beats, unit: bytes([0xFF, 0x58, 4, beats, unit, 24, 8]),
    st.integers(0, 255),
    st.integers(0, 255) | st.integers(0, 6),
)
_notes = st.builds(
    lambda on, pitch, loud: bytes([on, pitch, loud]), st.sampled_from((0x90, 0x80, 0x91, 0x99)), _byte, _byte
)
_running = st.builds(lambda pitch, loud: bytes([pitch, loud]), _byte, st.sampled_from((0, 64)))
_others = st.builds(
    lambda status, a, b: bytes([status, a, b]), st.integers(0x80, 0xFF), st.integers(0, 255), st.integers(0, 255)
)
_pedals = st.sampled_from((b"\xb0\x40\x7f", b"\xb0\x40\x00", b"\xb0\x7b\x00", b"\xc0\x07", b"\xd0\x40"))
_sysex = st.builds(lambda data: b"\xf0" + _number(len(data)) + data, st.binary(max_size=20))
_events = st.tuples(
    _deltas, st.one_of(_notes, _notes, _notes, _running, _pedals, _metas, _tempos, _metres, _others, _sysex)
).map(b"".join)


@st.composite
def _tracks(draw: st.DrawFn) -> bytes:
    body = b"".join(draw(st.lists(_events, max_size=40)))
    body = body * draw(st.sampled_from((1, 1, 1, 2, 50, 500))) + (_END if draw(st.integers(0, 4)) else b"")
    length = len(body) + draw(st.sampled_from((0, 0, 0, 0, 0, -1, 1, 100, 1 << 31)))
    return (
        draw(st.sampled_from((b"MTrk", b"MTrk", b"MTrk", b"MTrk", b"XTrk"))) + struct.pack(">L", max(0, length)) + body
    )


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    tracks = draw(st.lists(_tracks(), min_size=1, max_size=5))
    tracks *= draw(st.sampled_from((1, 1, 1, 1, 2, 2000)))
    count = len(tracks) + draw(st.sampled_from((0, 0, 0, 0, 1, -1, 60_000)))
    form = draw(st.sampled_from((0, 1, 1, 1, 1, 2, 3)))
    division = draw(
        st.one_of(st.sampled_from((24, 96, 480, 480, 480, 960, 0, 0xE728, 0xE250, 0x8001)), st.integers(0, 0xFFFF))
    )
    header = b"MThd" + struct.pack(">LHHH", 6, form, max(0, count) & 0xFFFF, division)
    data = header + b"".join(tracks)
    return data[: len(data) - draw(st.sampled_from((0, 0, 0, 0, 1, 7)))][:_MOST]


@st.composite
def _music(draw: st.DrawFn) -> bytes:
    """A file that nothing is wrong with, but that no musician wrote."""
    signs = draw(st.lists(st.one_of(_tempos, _metres), max_size=3))
    notes = draw(st.lists(st.tuples(_byte, st.integers(1, 4000), st.integers(0, 4000)), min_size=1, max_size=200))
    body = b"".join(b"\x00" + sign for sign in signs)
    for pitch, length, gap in notes:
        body += _number(gap) + bytes([0x90, pitch, 64]) + _number(length) + bytes([0x80, pitch, 0])
    body += _END
    header = b"MThd" + struct.pack(">LHHH", 6, 0, 1, draw(st.sampled_from((1, 5, 24, 96, 120, 480, 0x7FFF))))
    return header + b"MTrk" + struct.pack(">L", len(body)) + body


def scores() -> st.SearchStrategy[bytes]:
    """Contents of a .mid file."""
    return st.one_of(
        mutated(_SEEDS, _TOKENS, _MOST),
        mutated(_SEEDS, _TOKENS, _MOST),
        _files(),
        _files(),
        _music(),
        st.binary().map(lambda data: b"MThd\x00\x00\x00\x06" + data),
        st.binary(),
    )
