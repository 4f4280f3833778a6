"""What holds for any piece and for any bytes."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import accumulate
from typing import Any

import mido
from hypothesis import given
from hypothesis import strategies as st

from bachd.errors import SeedError
from bachd.music import midifile, smf
from bachd.music.event import Event, parse_line
from bachd.music.message import Message
from bachd.music.metre import Grid, Metre
from bachd.music.notes import join
from bachd.music.piece import Piece
from tests.music.strategies import grids, pieces, rows
from tests.music.test_midifile import GOLDEN, undump


def piece_or_fault(data: bytes) -> Piece | str:
    try:
        return midifile.read(data, "any.mid")
    except SeedError as fault:
        return str(fault)


SEEDS = [undump(path.read_text().partition("\n=\n")[0]) for path in GOLDEN]


@given(pieces())
def test_a_piece_is_written_and_read_again_unchanged(piece: Piece) -> None:
    assert midifile.read(midifile.write(piece), piece.name) == piece


@given(rows(), grids(), st.none() | st.floats(4, 10_000))
def test_any_grid_and_tempo_settle_with_the_first_reading(
    row: tuple[Event, ...], grid: Grid, bpm: float | None
) -> None:
    once = midifile.read(midifile.write(Piece("", row, grid, bpm)), "")
    assert once.events == row
    assert midifile.read(midifile.write(once), "") == once


WRITTEN = """
4D 54 68 64 00 00 00 06     # MThd
00 00 00 01 01 E0           # format 0, 1 track, 480 ticks a quarter note
4D 54 72 6B 00 00 00 35     # MTrk
00 FF 03 03 41 69 72        # track name: Air
00 FF 51 03 0A E6 2E        # tempo: 714286 us a quarter
00 FF 58 04 03 02 18 08     # time signature 3/4, a click each 24 MIDI clocks
87 40 90 37 4E              # after two quarters, which fill the upbeat's bar: on G3
83 60 3C 55                 # on C4, on the downbeat, and louder
8B 20 FF 58 04 06 03 24 08  # time signature 6/8, a click each 36 MIDI clocks
00 80 37 40                 # off G3
87 40 3C 40                 # off C4
83 60 FF 2F 00              # end of track, a quarter later
"""


def test_a_piece_is_written_byte_for_byte_the_same_each_time() -> None:
    grid = Grid(((0, Metre(3, 4)), (96, Metre(6, 8)), (999, Metre(4, 4))), upbeat=24)
    piece = Piece("Air", parse_line("G3 ~G3.C4:3 ~C4:2 R"), grid, bpm=84)
    assert midifile.write(piece) == undump(WRITTEN)


@given(pieces())
def test_mido_finds_the_same_notes_in_what_is_written(piece: Piece) -> None:
    file = mido.MidiFile(file=BytesIO(midifile.write(piece)))
    grid = piece.grid
    tick = (grid.upbeat - grid.changes[0][1].bar) * 20 if grid.upbeat else 0
    down: dict[int, int] = {}
    found = set()
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "note_on":
            assert message.note not in down
            assert message.velocity > 0
            down[message.note] = tick
        elif message.type == "note_off":
            found.add((down.pop(message.note), tick, message.note))
    assert not down
    assert found == {(note.start * 20, note.end * 20, note.pitch) for note in join(piece.events)}


CHANNEL = st.integers(0, 15)
BYTE = st.integers(0, 127)
MESSAGES = st.one_of(
    st.builds(mido.Message, st.sampled_from(["note_on", "note_off"]), channel=CHANNEL, note=BYTE, velocity=BYTE),
    st.builds(mido.Message, st.just("control_change"), channel=CHANNEL, control=BYTE, value=BYTE),
    st.builds(mido.Message, st.just("program_change"), channel=CHANNEL, program=BYTE),
    st.builds(mido.Message, st.just("aftertouch"), channel=CHANNEL, value=BYTE),
    st.builds(mido.Message, st.just("polytouch"), channel=CHANNEL, note=BYTE, value=BYTE),
    st.builds(mido.Message, st.just("pitchwheel"), channel=CHANNEL, pitch=st.integers(-8192, 8191)),
    st.builds(mido.Message, st.just("sysex"), data=st.lists(BYTE, max_size=200)),
    st.builds(mido.MetaMessage, st.just("set_tempo"), tempo=st.integers(0, 0xFFFFFF)),
    st.builds(
        mido.MetaMessage,
        st.just("time_signature"),
        numerator=st.integers(0, 255),
        denominator=st.integers(0, 10).map(lambda power: 2**power),
    ),
    st.builds(mido.MetaMessage, st.just("text"), text=st.text("Bach", max_size=200)),
)
TRACKS = st.lists(
    st.builds(
        lambda message, delta: message.copy(time=delta), MESSAGES, st.integers(0, 300) | st.integers(0, 0xFFFFFFF)
    ),
    max_size=30,
)


@given(st.lists(TRACKS, max_size=4), st.integers(1, 0x7FFF))
def test_messages_come_in_the_order_of_their_ticks_track_after_track(tracks: list[list[Any]], ppq: int) -> None:
    expected = []
    for number, messages in enumerate(tracks, 1):
        ended = [*messages, mido.MetaMessage("end_of_track")]
        ticks = accumulate(message.time for message in ended)
        read = [Message(bytes(message.bytes())) for message in ended]
        expected += [smf.Timed(tick, number, message) for tick, message in zip(ticks, read, strict=True)]
    buffer = BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=ppq, tracks=[mido.MidiTrack(track) for track in tracks]).save(file=buffer)
    file = smf.parse(buffer.getvalue())
    assert file == smf.File(ppq, 0.0, tuple(sorted(expected, key=lambda timed: timed.tick)))
    assert file.end == max((timed.tick for timed in expected), default=0)


DELTAS = st.sampled_from(["00", "18", "60", "8100", "FFFF7F"]).map(bytes.fromhex)
HUGE = st.sampled_from(["FFFFFF7F", "FFFFFFFF"]).map(bytes.fromhex)
LIVELY = st.one_of(
    st.tuples(st.sampled_from([0x80, 0x90, 0x91, 0x99]), st.integers(58, 62), BYTE).map(bytes),
    st.tuples(st.just(0xB0), st.sampled_from([64, 120, 123]), BYTE).map(bytes),
    st.binary(min_size=3, max_size=4).map(lambda data: b"\xff\x51" + bytes([len(data)]) + data),
    st.tuples(BYTE, st.integers(0, 8)).map(lambda metre: b"\xff\x58\x04" + bytes(metre) + b"\x18\x08"),
)


@st.composite
def odd_files(draw: st.DrawFn) -> bytes:
    """Files that nobody would write: any division, and tracks of notes, pedals, tempos and metres, or of junk."""
    deltas, messages = draw(st.sampled_from([(DELTAS, LIVELY), (DELTAS | HUGE, LIVELY | st.binary(max_size=4))]))
    tracks = draw(st.lists(st.lists(st.tuples(deltas, messages).map(b"".join), max_size=20).map(b"".join), max_size=3))
    division = draw(
        st.sampled_from(["0018", "01E0", "E728", "E250"]).map(bytes.fromhex) | st.binary(min_size=2, max_size=2)
    )
    header = b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, len(tracks)]) + division
    return header + b"".join(b"MTrk" + len(track).to_bytes(4) + track for track in tracks)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """Golden files with some bytes overwritten, and perhaps some taken out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for place, byte in draw(st.lists(st.tuples(st.integers(10, len(data) - 1), st.integers(0, 255)), max_size=4)):
        data[place] = byte
    if draw(st.booleans()):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda data: SEEDS[0][:14] + data)
    | odd_files()
    | damaged_files()
)
def test_any_bytes_are_a_piece_or_a_seed_error_of_one_line(data: bytes) -> None:
    piece = piece_or_fault(data)
    if isinstance(piece, str):
        assert re.fullmatch(r"any\.mid: [^\n]+", piece)
        return
    assert piece.events[0].starts
    assert piece.events[-1].sounding
    assert piece.ticks <= midifile.LONGEST
    assert midifile.read(midifile.write(piece), "any.mid") == piece
