"""Reading .mid files: each golden file is an annotated dump, and below '=' the piece that it must give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bachd.errors import SeedError
from bachd.music import midifile, smf
from bachd.music.event import print_line
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))

HEADER = "4D546864 00000006 0000 0001 0018 "
NOTE = "00903C40 18803C40 "
END = "00FF2F00"


def undump(text: str) -> bytes:
    """The bytes of a hex dump; '#' opens a comment."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


def track(text: str) -> str:
    """A track chunk around the messages."""
    return f"4D54726B {len(undump(text)):08X} {text}"


def describe(piece: Piece) -> str:
    metres = [f"{metre} at {tick}" if tick else f"{metre}" for tick, metre in piece.grid.changes]
    signs = [f"upbeat {piece.grid.upbeat}"] if piece.grid.upbeat else []
    signs += [f"{piece.bpm:g} bpm"] if piece.bpm is not None else []
    return f"metre {', '.join([*metres, *signs])}\n{print_line(piece.events)}"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_reads_as_it_says(path: Path) -> None:
    dump, _, expected = path.read_text().partition("\n=\n")
    piece = midifile.read(undump(dump), "golden")
    assert describe(piece) == expected.strip()
    assert piece.name == "golden"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_was_read_is_written_and_read_again_unchanged(path: Path) -> None:
    piece = midifile.read(undump(path.read_text().partition("\n=\n")[0]), "golden")
    assert midifile.read(midifile.write(piece), "golden") == piece


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_file_cut_short_anywhere_gives_the_notes_before_the_cut_or_says_why_not(path: Path) -> None:
    whole = undump(path.read_text().partition("\n=\n")[0])
    onsets = strikes(whole)
    for size in range(len(whole)):
        told = ""
        try:
            midifile.read(whole[:size], "cut.mid")
        except SeedError as fault:
            told = str(fault)
        if told:
            kinds = r"the file is (truncated|empty)|this is not a MIDI|this file has no |track "
            assert re.fullmatch(rf"cut\.mid: ({kinds})[^\n]*", told)
        else:
            cut = strikes(whole[:size])
            assert all(rest[: len(cut[track])] == cut[track] for track, rest in onsets.items() if track in cut)


def strikes(data: bytes) -> dict[int, list[tuple[int, int]]]:
    """The ticks and numbers of the notes that begin in each track."""
    found: dict[int, list[tuple[int, int]]] = {}
    for tick, number, message in smf.parse(data).messages:
        if message.type == "note_on":
            found.setdefault(number, []).append((tick, message.note))
    return found


@pytest.mark.parametrize(
    ("dump", "fault"),
    [
        ("", "the file is empty"),
        ("52494646 04000000 524D4944", "this is not a MIDI file: it does not begin with 'MThd'"),
        ("00" * 4096 + HEADER, "this is not a MIDI file: it does not begin with 'MThd'"),
        ("4D546864 00000004 0000 0001 0018 0018", "this is not a MIDI file: its header is too short"),
        ("4D546864 00000006 0000 0001", "the file is truncated: the header ends 2 bytes after the file"),
        (
            "4D546864 00000006 0002 0003 0018" + track(END) + 2 * track(NOTE + END),
            "a MIDI file of format 2 with 2 pieces in it; save one of them as format 0",
        ),
        ("4D546864 00000006 0000 0001 0000", "the header is damaged: its ticks have no length (0x00 0x00)"),
        ("4D546864 00000006 0000 0001 E700", "the header is damaged: its ticks have no length (0xe7 0x00)"),
        ("4D546864 00000006 0001 0000 0018", "this file has no track"),
        (HEADER, "this file has no track"),
        (HEADER + "4D54726B 00000010 00903C", "track 1 is damaged: it breaks off before its end"),
        (HEADER + "4D5472", "this file has no track"),
        (HEADER + track("00" + NOTE + END), "track 1 is damaged: it begins with a message that has no status"),
        (HEADER + track("9080808000 903C40" + END), "track 1 is damaged: it holds a time of more than four bytes"),
        (HEADER + track("81" * 5000 + NOTE + END), "track 1 is damaged: it holds a time of more than four bytes"),
        (HEADER + track(END), "this file has no notes"),
        (HEADER + track(END + NOTE), "this file has no notes"),
        (HEADER + track("00992640 18892640" + END), "this file has no notes, drums aside"),
        (
            HEADER + track("00903C40 FFFFFF7F803C40" + END),
            "damaged, or its 11184810 quarter notes really last for more than a day",
        ),
    ],
)
def test_a_file_without_a_piece_is_refused_in_one_line_that_says_why(dump: str, fault: str) -> None:
    with pytest.raises(SeedError) as refused:
        midifile.read(undump(dump), "seed.mid")
    assert str(refused.value) == f"seed.mid: {fault}"


def test_a_file_too_large_for_a_piece_is_refused_unread() -> None:
    with pytest.raises(SeedError, match=r"^big\.mid: the file has more than the 262144 bytes of a long piece; take "):
        midifile.read(bytes(smf.MOST_BYTES + 1), "big.mid")


def test_a_length_without_an_end_ends_the_track() -> None:
    endless = f"00FF01 {'FF' * 1000}7F"  # a text as long as a number of 2,000 digits
    with pytest.raises(SeedError, match=r"^any\.mid: track 1 is damaged: it holds a length of more than four bytes$"):
        midifile.read(undump(HEADER + track(endless)), "any.mid")
    assert read(HEADER + track(NOTE + endless)) == "C4"


C_D = NOTE + "00903E40 18803E40 "


@pytest.mark.parametrize(
    ("dump", "music"),
    [
        (HEADER + track(C_D + END + NOTE), "C4 D4"),  # the bytes behind the end are no music
        (HEADER + track(C_D + END + END + "0D0A"), "C4 D4"),
        (HEADER + track(C_D + "00FF2F0100" + NOTE), "C4 D4"),
        (HEADER + track(C_D), "C4 D4"),
        (HEADER + track(C_D + "00FF2F"), "C4 D4"),
        (HEADER + track(C_D + END)[:-2], "C4 D4"),  # the last byte of the file is missing
        (HEADER + track(C_D + "00"), "C4 D4"),
        (HEADER + track(C_D + "00903C"), "C4 D4"),
        (HEADER + track(C_D + "00FF5103"), "C4 D4"),
        (HEADER + track(C_D + "00F081"), "C4 D4"),
        (HEADER + track("00903CFF 18803CFF" + END), "C4"),  # data bytes above 127 are 127
        (HEADER + track("00B000FF" + C_D + END), "C4 D4"),
        (HEADER + track("00B000FF 00" + C_D[2:] + END), "C4 D4"),
        (HEADER + track("00F4" + C_D + END), "C4 D4"),  # a status that is not defined
        (HEADER + track("00FF510107" + C_D + END), "C4 D4"),  # a tempo of one byte, of none
        (HEADER + track("00FF5100" + C_D + END), "C4 D4"),
        (HEADER + track("00FF580103" + C_D + END), "C4 D4"),  # a time signature of one byte
        (HEADER + track("00FF590100" + C_D + END), "C4 D4"),  # a key of one byte
        (HEADER + track("00FF5803040218" + C_D + END), "C4 D4"),
        (HEADER + track("80808000 903C40 18803C40" + END), "C4"),  # a long zero
        (HEADER + track("00903C40 00F0027EF7 183C00" + END), "C4"),  # running status after a sysex, a meta message
        (HEADER + track("00903C40 00FF010141 183C00" + END), "C4"),
        (HEADER.replace("0000 0001", "0001 0003") + track(END) + track(C_D + END), "C4 D4"),  # wrong counts
        (HEADER.replace("0000 0001", "0001 0001") + track(END) + track(C_D + END), "C4 D4"),
        (HEADER.replace("0000 0001", "0001 0000") + track(C_D + END), "C4 D4"),
        (HEADER + "58464948 00000002 0102" + track(C_D + END), "C4 D4"),  # a vendor's chunk, also one without an end
        (HEADER + "58464948 7FFFFFFF 0102" + track(C_D + END), "C4 D4"),
        (HEADER + track(C_D + END) + "58464948 00000002 0102", "C4 D4"),
        (HEADER + track(C_D + END) + "00" + track("00914540 18814540" + END), "C4.A4 D4"),  # a byte between two tracks
        (HEADER + "4D54726B 00000000" + C_D + END, "C4 D4"),  # lengths that are wrong
        (HEADER + "4D54726B 00000005" + C_D + END + track("00914540 18814540" + END), "C4.A4 D4"),
        (HEADER + "4D54726B FFFFFFFF" + C_D + END + track("00914540 18814540" + END), "C4.A4 D4"),
        ("4D546864 00000006 0002 0001 0018" + track(C_D + END), "C4 D4"),  # format 2 with one piece
        ("4D546864 00000006 0002 0002 0018" + track(END) + track(C_D + END), "C4 D4"),
        ("4D546864 00000006 0007 0001 0018" + track(C_D + END), "C4 D4"),
        ("4D546864 00000008 0000 0001 0018 FFFF" + track(C_D + END), "C4 D4"),
        ("4D546864 0000000A 0000 0001 0018" + track(C_D + END), "C4 D4"),  # a header that claims four bytes too many
        ("52494646 00000040 524D4944 64617461 00000030" + HEADER + track(C_D + END), "C4 D4"),
        ("00" * 128 + HEADER + track(C_D + END), "C4 D4"),
        ("4D546864 00000006 0000 0001 E128" + track("00903C40 846C803C40" + END), "C4"),  # 31 frames a second
    ],
)
def test_a_file_that_strays_from_the_standard_is_read_as_players_do(dump: str, music: str) -> None:
    assert read(dump) == music


def test_damage_is_told_with_its_track_and_the_notes_before_it_are_read() -> None:
    file = smf.parse(undump(HEADER + track(C_D + END) + track(C_D + "8181818181")))
    assert file.faults == ("track 2 is damaged: it holds a time of more than four bytes",)
    assert sum(timed.message.type == "note_on" for timed in file.messages) == 4


def test_loudness_above_127_is_127() -> None:
    (message,) = (
        found for _, _, found in smf.parse(undump(HEADER + track("00903C90" + END))).messages if found.data[0] == 0x90
    )
    assert message.velocity == 127


def test_a_bar_of_an_hour_is_passed_over() -> None:
    piece = midifile.read(undump(HEADER + track("00FF5804FF001808" + NOTE + END)), "any.mid")
    assert piece.grid == Grid()
    piece = midifile.read(undump(HEADER + track("00FF58040C001808" + NOTE + END)), "any.mid")
    assert piece.grid.changes == ((0, Metre(12, 1)),)
    assert piece.grid.changes[0][1].bar == midifile.LONGEST_BAR


def test_notes_that_never_end_cannot_fill_the_memory() -> None:
    keys = "".join(f"0090{key:02X}40" for key in range(127))
    strikes = "00907F40 01807F40" * 30_000
    with pytest.raises(SeedError, match=r"^any\.mid: too many notes sound together for too long"):
        midifile.read(undump(HEADER + track(keys + strikes + END)), "any.mid")


def read(dump: str) -> str:
    return print_line(midifile.read(undump(dump), "any.mid").events)
